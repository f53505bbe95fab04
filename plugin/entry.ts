// The first thing that runs, and it depends on nothing: Docker gives up on a plugin that does not listen within about
// nine seconds, and on a slow machine loading the rest alone can take longer. So: listen, keep what arrives, load.
// For the same reason nothing is imported: to import one of Node.js's modules evaluates all it offers, of node:http also a
// browser's WebSocket, and takes as long as all else until the socket listens.
import type { IncomingMessage, ServerResponse } from "node:http";

const { chmodSync, mkdirSync, unlinkSync } = process.getBuiltinModule("node:fs");
const { createServer } = process.getBuiltinModule("node:http");
const { connect } = process.getBuiltinModule("node:net");
const path = process.getBuiltinModule("node:path");
const { setFlagsFromString } = process.getBuiltinModule("node:v8");

// It waits most of the time, on every node: this keeps V8's heap small, for 15 to 20 MiB less and the same speed.
setFlagsFromString("--optimize-for-size");

/** Answers one request; `arrivedAt` is `performance.now()` of its arrival, from which its deadline counts. */
type Answer = (request: IncomingMessage, response: ServerResponse, arrivedAt: number) => void;

/** How long after a start that failed the next one is tried, in milliseconds. */
const againMs = 5_000;

const socketPath = process.env["SWARMNFS_SOCKET"] || "/run/docker/plugins/swarmnfs.sock";
const waiting: Parameters<Answer>[] = [];
let answer: Answer = (...call) => void waiting.push(call);

// Docker keeps a connection idle for as long as it likes. No time of ours may end one: it could be the moment in which
// Docker sends its next request on it, which is then repeated without its content, or lost. Only root gets this far.
const patience = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
const server = createServer(patience, (request, response) =>
  answer(request, response, performance.now()),
);

const listening = Promise.withResolvers<void>();

function listen(): void {
  mkdirSync(path.dirname(socketPath), { recursive: true });
  server.listen(socketPath, () => {
    chmodSync(socketPath, 0o600);
    listening.resolve();
  });
}

server.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EADDRINUSE") throw error;
  // A socket file is there: left behind by a crash, or somebody lives behind it.
  connect(socketPath)
    .on("connect", () => {
      process.stderr.write(`swarmnfs: another process answers on ${socketPath}: stop it first\n`);
      process.exit(1);
    })
    .on("error", () => {
      unlinkSync(socketPath);
      listen();
    });
});
listen();

const main = import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.mjs";

async function begin(): Promise<void> {
  try {
    const { start } = (await import(new URL(main, import.meta.url).href)) as {
      start: (stopListening: () => void) => Promise<Answer>;
    };
    // Not before: the state directory may be that of whoever answers on the socket.
    await listening.promise;
    answer = await start(() => server.close());
  } catch (error) {
    const isForPeople = error instanceof Error && error.name === "UserError";
    const stack = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`swarmnfs: ${isForPeople ? error.message : `cannot start: ${stack}`}\n`);
    if (process.env["SWARMNFS_MANAGED"] !== "1") {
      server.close();
      process.exit(isForPeople ? 2 : 1);
    }
    // A managed plugin that ends is disabled by Docker for good. Closing the connection means "I do not know"; an
    // answer could make Docker forget its volumes.
    answer = (request) => request.socket.destroy();
    // What is in the way, as a disk that is full, may go.
    setTimeout(() => void begin(), againMs);
  }
  for (const call of waiting.splice(0)) answer(...call);
}

await begin();
