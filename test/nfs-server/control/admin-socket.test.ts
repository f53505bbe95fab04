import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { AdminSocket } from "../../../nfs-server/control/admin-socket.ts";

async function place(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-admin-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return join(folder, "inner", "server.sock");
}

async function ask(socketPath: string): Promise<number | undefined> {
  const asked = request({ socketPath, path: "/" });
  asked.end();
  const [response] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  return response.statusCode;
}

test("nobody but root opens the administrators' socket, nor the folder in which it lies", async (t) => {
  const path = await place(t);
  const admin = new AdminSocket((_, response) => response.end(), path);
  await admin.listen();
  t.teardown(() => admin.close());
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.is((await stat(join(path, ".."))).mode & 0o777, 0o700);
  t.is(await ask(path), 200);
});

test("what a killed agent left in its place is no obstacle, one that answers is", async (t) => {
  const path = await place(t);
  const first = new AdminSocket((_, response) => response.end(), path);
  await first.listen();
  const second = new AdminSocket((_, response) => response.end(), path);
  await t.throwsAsync(second.listen(), { code: "conflict", message: /another storage server/ });
  t.is(await ask(path), 200, "the first one goes on");
  await first.close();
  await writeFile(path, "");
  await second.listen();
  t.teardown(() => second.close());
  t.is((await stat(path)).mode & 0o777, 0o600);
});

test("closing ends what is under way, so that the agent can stop", async (t) => {
  const path = await place(t);
  const admin = new AdminSocket(() => undefined, path);
  await admin.listen();
  const asked = request({ socketPath: path, path: "/" });
  asked.end();
  const failed = once(asked, "error");
  await once(asked, "socket");
  await admin.close();
  await failed;
  t.pass();
});
