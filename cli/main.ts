import { isatty } from "node:tty";
import { systemClock } from "../service/clock.ts";
import { TerminalPerson } from "./person.ts";
import { pluginsDirectory } from "./plugin-socket.ts";
import { run } from "./run.ts";

// `swarmnfs volumes | head -1`: the reader has seen enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), {
    environment: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    person: new TerminalPerson(process.stdin, process.stderr, isatty(0) && isatty(2)),
    clock: systemClock,
    isRoot: process.geteuid?.() === 0,
    pluginsDirectory,
  });
}

void main();
