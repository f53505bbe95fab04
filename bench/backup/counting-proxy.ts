// Passes everything on to a server and counts requests; in a process of its own, so that it takes nothing from who is measured.
import { Agent, createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";

const target = new URL(process.argv[2] ?? "");
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
let requests = 0;

const server = createServer((request, response) => {
  requests += 1;
  const { method, url, headers } = request;
  // A destination names us, and the server knows itself by another name.
  const destination = headers["destination"]?.toString().replace(/^http:\/\/[^/]+/, target.origin);
  const passed = send(
    {
      agent,
      host: target.hostname,
      port: target.port,
      method,
      path: url,
      headers: { ...headers, host: target.host, ...(destination && { destination }) },
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  passed.on("error", () => response.destroy());
  request.pipe(passed);
});
server.listen(0, "127.0.0.1", () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
process.on("message", () => process.send?.({ requests }));
process.on("disconnect", () => process.exit(0));
