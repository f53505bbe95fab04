import path from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import type { Machine } from "../../lab/machine.ts";
import type { Errand, Report } from "./raw-nfs/errand.ts";

/** Where the plugin's own Node.js is, on a machine that has it. */
const nodeOfPlugin = "$(ls /var/lib/docker/plugins/*/rootfs/usr/local/bin/node | head -n 1)";

/** Milliseconds for a whole errand: hundreds of questions, and a grace period. */
const patience = 900_000;

let program: Promise<Buffer> | undefined;

/**
 * Runs the thief on a machine and returns what it reports. `command` runs a program there, given as a file and one more
 * argument; by default it is the machine's Node.js itself.
 */
export async function sendThief(
  machine: Machine,
  errand: Errand,
  command = nodeOfPlugin,
): Promise<Report> {
  program ??= bundled();
  const place = "/run/thief/main.mjs";
  await execa("ssh", [...machine.sshArguments, `mkdir -p /run/thief && cat >${place}`], {
    input: await program,
  });
  const said = await machine.must(`exec ${command} ${place} '${JSON.stringify(errand)}'`, {
    timeout: patience,
  });
  return JSON.parse(said) as Report;
}

async function bundled(): Promise<Buffer> {
  const { outputFiles } = await build({
    absWorkingDir: path.join(import.meta.dirname, "../.."),
    entryPoints: ["test/lab/raw-nfs/main.ts"],
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    logLevel: "warning",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild made nothing");
  return Buffer.from(file.contents);
}
