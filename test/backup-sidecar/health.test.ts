import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import process from "node:process";
import test from "ava";
import { execa } from "execa";

const program = path.join(import.meta.dirname, "../../backup-sidecar/health.ts");

async function check(port: number): Promise<{ exitCode?: number; stdout: string }> {
  const env = { SWARMNFS_HTTP_PORT: `${port}` };
  return execa(process.execPath, [program], { env, reject: false, timeout: 60_000 });
}

test("the health check passes where the service answers, and nowhere else", async (t) => {
  let status = 200;
  const server = createServer((request, response) =>
    response.writeHead(request.url === "/health" ? status : 404).end("alive\n"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  t.like(await check(port), { exitCode: 0, stdout: "alive" });
  status = 500;
  t.is((await check(port)).exitCode, 1);
  await new Promise((resolve) => server.close(resolve));
  const { exitCode, stdout } = await check(port);
  t.is(exitCode, 1);
  t.regex(stdout, /does not answer: .*ECONNREFUSED/);
});
