import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import { startFakePlugin } from "./fake-plugin.ts";
import { says } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers, status } from "./world.ts";

async function emptyDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "swarmnfs-cli-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A socket whose owner was killed: it is still there, and nobody listens. */
async function leaveSocket(path: string): Promise<void> {
  const program = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await once(spawn(process.execPath, ["-e", program]), "exit");
}

test("the socket of a managed plugin is found", async (t) => {
  const plugin = await startFakePlugin(t, answers);
  const directory = await emptyDirectory(t);
  await mkdir(join(directory, "3f2a"));
  await mkdir(join(directory, "other-plugin"));
  await writeFile(join(directory, "something.spec"), "");
  await rename(plugin.socket, join(directory, "3f2a/swarmnfs.sock"));
  const said = await speak(t, ["status"], { surroundings: { pluginsDirectory: directory } });
  t.is(said.exit, 0);
  t.deepEqual(plugin.requests, ["Status {}"]);
});

test("no plugin on this node", async (t) => {
  const directory = await emptyDirectory(t);
  const said = await speak(t, ["volumes"], { surroundings: { pluginsDirectory: directory } });
  t.is(
    said.err,
    `swarmnfs: no swarmnfs plugin runs on this node: there is no swarmnfs.sock in ${directory} or in a directory there. One that is installed and enabled was expected. See what Docker has: docker plugin ls\n`,
  );
  t.is(said.exit, 1);
});

test("no Docker on this node is no plugin either", async (t) => {
  const pluginsDirectory = join(await emptyDirectory(t), "docker/plugins");
  const said = await speak(t, ["volumes"], { surroundings: { pluginsDirectory } });
  t.regex(said.err, /^swarmnfs: no swarmnfs plugin runs on this node/);
});

test("somebody who is not root is told so", async (t) => {
  const directory = await emptyDirectory(t);
  const said = await speak(t, ["volumes"], {
    surroundings: { pluginsDirectory: directory, isRoot: false },
  });
  t.is(
    said.err,
    "swarmnfs: the plugin of this node cannot be asked: only root may, and you are not root. Try again as root: sudo swarmnfs ...\n",
  );
  t.is(said.exit, 1);
});

test("several plugins: all are named, and --socket or SWARMNFS_SOCKET decides", async (t) => {
  const first = await startFakePlugin(t, {
    ...answers,
    Status: () => ({ ...status, node: "first" }),
  });
  const second = await startFakePlugin(t, {
    ...answers,
    Status: () => ({ ...status, node: "second" }),
  });
  const directory = await emptyDirectory(t);
  const [a, b] = [join(directory, "a/swarmnfs.sock"), join(directory, "b/swarmnfs.sock")];
  await Promise.all([mkdir(join(directory, "a")), mkdir(join(directory, "b"))]);
  await rename(first.socket, a);
  await rename(second.socket, b);
  const surroundings = { pluginsDirectory: directory };

  const said = await speak(t, ["status"], { surroundings });
  t.is(
    said.err,
    `swarmnfs: 2 swarmnfs plugins run on this node, and one was expected. Say which one is meant: --socket PATH, where PATH is one of ${a}, ${b}\n`,
  );
  t.is(said.exit, 1);
  t.regex((await speak(t, ["status", "--socket", b], { surroundings })).out, /^node +second\n/);
  const environment = { SWARMNFS_SOCKET: a };
  t.regex((await speak(t, ["status"], { surroundings, environment })).out, /^node +first\n/);
});

test("a socket that a disabled plugin left behind is passed over", async (t) => {
  const plugin = await startFakePlugin(t, answers);
  await mkdir(join(plugin.directory, "old"));
  await leaveSocket(join(plugin.directory, "old/swarmnfs.sock"));
  const said = await speak(t, ["status"], { surroundings: { pluginsDirectory: plugin.directory } });
  t.is(said.err, "");
  t.is(said.exit, 0);
});

test("a plugin that does not run", async (t) => {
  const directory = await emptyDirectory(t);
  const socket = join(directory, "swarmnfs.sock");
  await leaveSocket(socket);
  const said = await speak(t, ["status"], { surroundings: { pluginsDirectory: directory } });
  t.is(
    said.err,
    `swarmnfs: the plugin does not answer at ${socket}: nobody listens there. It should be installed and enabled. See what Docker has: docker plugin ls\n`,
  );
  t.is(said.exit, 1);
});

test("a socket given that is not there", says, {
  line: "status --socket /nonexistent/x.sock",
  exit: 1,
  err: `
swarmnfs: the plugin does not answer at /nonexistent/x.sock: there is no such socket. It should be installed and enabled. See what Docker has: docker plugin ls
`,
});

test("a file given that is no socket", async (t) => {
  const file = join(await emptyDirectory(t), "file");
  await writeFile(file, "");
  await chmod(file, 0o600);
  const said = await speak(t, ["status", "--socket", file]);
  t.regex(said.err, /the plugin does not answer at .*: nobody listens there/);
});

test("a plugin that is silent is waited for no longer than the limit", says, {
  line: "status",
  answers: { Status: () => new Promise(() => {}) },
  surroundings: { limits: { doctor: 60_000, other: 100 } },
  exit: 1,
  err: `
swarmnfs: the plugin has not answered within 0.1 s (asking the plugin how it is). What was asked for may still happen; look again before asking twice. Its log says more: journalctl -u docker
`,
});

test("doctor has a limit of its own", async (t) => {
  const said = await speak(t, ["doctor", "--json"], {
    answers: { ...answers, Doctor: () => new Promise(() => {}) },
    surroundings: { limits: { doctor: 100, other: 60_000 } },
  });
  t.regex(JSON.parse(said.out).findings[0].advice, /has not answered within 0.1 s/);
});

test("a plugin that breaks off in the middle", async (t) => {
  const socket = join(await emptyDirectory(t), "swarmnfs.sock");
  const server = createServer((connection) => {
    connection.on("data", () => connection.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"));
  }).listen(socket);
  t.teardown(() => server.close());
  await once(server, "listening");
  const said = await speak(t, ["status", "--socket", socket]);
  t.regex(
    said.err,
    /^swarmnfs: the plugin broke off \(asking the plugin how it is\): .*Docker starts it again by itself/,
  );
  t.is(said.exit, 1);
});

test("a plugin that is older than the command", says, {
  line: "trash",
  answers: {},
  exit: 1,
  err: `
swarmnfs: the plugin of this node does not know Trash: it is older than this command. Upgrade it, or use the command that came with it.
`,
});

test("something else behind the socket", async (t) => {
  const socket = join(await emptyDirectory(t), "swarmnfs.sock");
  const server = createServer((connection) => {
    connection.on("data", () =>
      connection.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    );
  }).listen(socket);
  t.teardown(() => server.close());
  await once(server, "listening");
  const said = await speak(t, ["status", "--socket", socket, "--json"]);
  t.is(JSON.parse(said.err).error.code, "unavailable");
  t.regex(said.err, /is not a swarmnfs plugin this command understands/);
});

test("what takes long says so on a terminal, and takes it away again", async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let err = "";
  const said = await speak(t, ["status"], {
    columns: 60,
    answers: { Status: () => promise.then(() => status) },
    surroundings: {
      patienceMs: 1,
      stderr: {
        isTTY: true,
        columns: 60,
        write: (text) => {
          err += text;
          resolve();
        },
      },
    },
  });
  t.is(err, "\r\u001B[Kasking the plugin how it is, 0 s so far (Ctrl-C is safe)\r\u001B[K");
  t.is(said.exit, 0);
});

test("what takes long is silent in a pipe", async (t) => {
  const said = await speak(t, ["status"], { surroundings: { patienceMs: 0 } });
  t.is(said.err, "");
});
