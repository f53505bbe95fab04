// The first program of the storage node's container, below a reaper of orphans such as tini: Node.js as process 1 would
// bury only its own children, and every mount(8) that is killed leaves some.
import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { Supervisor } from "./supervisor.ts";

const isSource = import.meta.url.endsWith(".ts");
const main = path.join(import.meta.dirname, isSource ? "main.ts" : "main.mjs");

// With an argument the container does something else, and is gone: print-config.
const args = process.argv.slice(2);
if (args.length > 0)
  process.exit(spawnSync(process.execPath, [main, ...args], { stdio: "inherit" }).status ?? 1);

const supervisor = new Supervisor({
  agent: { command: process.execPath, args: [main] },
  nfsd: "/proc/fs/nfsd",
  pipefs: "/run/rpc_pipefs",
  rpc: "/proc/net/rpc",
  exports: "/exports",
  run: "/run/swarmnfs",
  mountinfo: "/proc/self/mountinfo",
  say: (line) => void process.stderr.write(`swarmnfs init: ${line}\n`),
});

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => supervisor.stop());
// What hangs in the kernel must not keep the container: Docker would kill it 2 s later.
const code = await supervisor.run();
process.exit(code);
