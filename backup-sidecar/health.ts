// The container's health check: whether the service is alive, not how the backups are. A program of its own that needs next to
// nothing, for swarm ends a container that fails it, and a machine that is busy must not be reason enough.
import { get } from "node:http";
import process from "node:process";

const port = process.env["SWARMNFS_HTTP_PORT"] || "2060";
const request = get(`http://127.0.0.1:${port}/health`, (response) => {
  response.pipe(process.stdout);
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.on("error", ({ message }) => {
  process.stdout.write(`the backup service does not answer: ${message}\n`);
  process.exitCode = 1;
});
