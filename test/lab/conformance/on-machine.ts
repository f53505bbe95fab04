import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import type { Machine } from "../../../lab/machine.ts";
import { say } from "../eventually.ts";

const root = path.join(import.meta.dirname, "../../..");
const there = "/run/swarmnfs-conformance/program";

/**
 * Runs one of the programs of this folder on a machine, with the keeper beside it: bundled, with the stand-in for ava in
 * it, by `node` of the machine. Shows what it prints, and returns how it ended.
 */
export async function runConformance(
  machine: Machine,
  program: "directory" | "nfs" | "swarmnfs",
  node: string,
  args: readonly string[],
): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-conformance-"));
  try {
    await bundle(program, folder);
    const { stdout: packed } = await execa("tar", ["-C", folder, "-cz", "."], {
      encoding: "buffer",
    });
    await execa("ssh", [...machine.sshArguments, `mkdir -p ${there} && tar -C ${there} -xz`], {
      input: packed,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const command = `exec $(ls ${node} | head -n 1) ${there}/${program}.mjs ${args.join(" ")}`;
  const child = execa("ssh", [...machine.sshArguments, command], { reject: false });
  for await (const line of child) say(line);
  return (await child).exitCode ?? -1;
}

async function bundle(program: string, outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: {
      [program]: `test/lab/conformance/${program}.ts`,
      keeper: "storage/keeper/main.ts",
    },
    alias: { ava: "./test/lab/conformance/ava-stand-in.ts" },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // execa's dependencies are CommonJS inside.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    logLevel: "warning",
  });
}
