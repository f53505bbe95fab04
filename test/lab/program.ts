import path from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import type { Machine } from "../../lab/machine.ts";

/** Where the plugin's own Node.js is, on a machine that has it. */
const nodeOfPlugin = "$(ls /var/lib/docker/plugins/*/rootfs/usr/local/bin/node | head -n 1)";

/** Milliseconds for a whole run. */
const patience = 900_000;

const bundles = new Map<string, Promise<Buffer>>();

/**
 * Runs a program of this folder on a machine, as one file, with one argument as JSON, and returns the JSON that it prints.
 * `command` runs a file there; by default it is the Node.js of the machine's plugin.
 */
export async function runThere(
  machine: Machine,
  program: string,
  argument: unknown,
  command = nodeOfPlugin,
): Promise<unknown> {
  const bundle = bundles.get(program) ?? bundled(program);
  bundles.set(program, bundle);
  const place = `/run/lab/programs/${program.replaceAll("/", "-")}.mjs`;
  await execa("ssh", [...machine.sshArguments, `mkdir -p /run/lab/programs && cat >${place}`], {
    input: await bundle,
  });
  const given = JSON.stringify(argument).replaceAll("'", String.raw`'\''`);
  return JSON.parse(
    await machine.must(`exec ${command} ${place} '${given}'`, { timeout: patience }),
  );
}

async function bundled(program: string): Promise<Buffer> {
  const { outputFiles } = await build({
    absWorkingDir: path.join(import.meta.dirname, "../.."),
    entryPoints: [`test/lab/${program}.ts`],
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    // Some dependencies are CommonJS inside.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    logLevel: "warning",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${program}`);
  return Buffer.from(file.contents);
}
