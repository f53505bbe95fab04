import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type Said, speak } from "./spoken.ts";
import { now } from "./world.ts";

/** In the server's container, which started 72 s ago. */
async function ask(
  t: ExecutionContext,
  line: string,
  before: (socket: string) => Promise<void> = () => Promise.resolve(),
): Promise<Said> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-starting-"));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "started"), `${new Date(now - 72_000).toISOString()}\n`);
  const serverSocket = join(folder, "server.sock");
  await before(serverSocket);
  return speak(t, line.split(" "), { surroundings: { serverSocket, pluginsDirectory: folder } });
}

for (const line of ["volumes", "server nodes", "trash"])
  test(`while the storage server starts, that is what is said: swarmnfs ${line}`, async (t) => {
    const { exit, out, err } = await ask(t, line);
    t.is(exit, 1);
    t.is(out, "");
    t.is(
      err,
      "swarmnfs: the storage server of this container is starting, for 1 m 12 s now, and cannot be asked yet. Its log says what it waits for: docker compose -f nfs-server.compose.yml logs nfs-server\n",
    );
  });

test("doctor shows it as what it found", async (t) => {
  const { exit, out } = await ask(t, "doctor");
  t.is(exit, 1);
  t.regex(
    out,
    /FAIL this node cannot be examined\n +the storage server of this container is starting, for 1 m 12 s/,
  );
});

test("an agent that has ended is being started again", async (t) => {
  const { exit, err } = await ask(t, "volumes", leftBehind);
  t.is(exit, 1);
  t.is(
    err,
    "swarmnfs: the storage server of this container has ended and is being started again; NFS goes on meanwhile if it was served. Its log says why: docker compose -f nfs-server.compose.yml logs nfs-server\n",
  );
});

test("a note of the start that cannot be read says no more than that it starts", async (t) => {
  const { err } = await ask(t, "volumes", (socket) =>
    writeFile(join(socket, "../started"), "some time\n"),
  );
  t.regex(err, /is starting and cannot be asked yet\./);
});

/** A socket whose program was killed. */
async function leftBehind(socket: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(`${socket}.made`, resolve));
  await rename(`${socket}.made`, socket);
  await new Promise((resolve) => void server.close(resolve));
}
