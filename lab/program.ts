import path from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import type { Machine } from "./machine.ts";

/** The Node.js of the plugin, on a node; on the storage machine that of our server's image. */
export const nodeThere =
  "$(ls /var/lib/docker/plugins/*/rootfs/usr/local/bin/node /var/lib/docker/overlay2/*/diff/usr/local/bin/node 2>/dev/null | head -n 1)";

/** The plugin's `swarmnfs`, on a node. */
export const swarmnfsThere = `${nodeThere} /var/lib/docker/plugins/*/rootfs/app/swarmnfs.mjs`;

/** Milliseconds for a whole run, usually. */
const usualPatience = 900_000;

const bundles = new Map<string, Promise<Buffer>>();

/**
 * Runs a program of this project, `test/lab/…/main.ts`, on a machine, as one file, with one argument as JSON, and returns
 * the JSON that it prints. `command` runs a file there; by default it is the Node.js of ours that the machine has.
 */
export async function runProgram(
  machine: Machine,
  file: string,
  argument: unknown,
  command = nodeThere,
  timeout = usualPatience,
): Promise<unknown> {
  const bundle = bundles.get(file) ?? bundled(file);
  bundles.set(file, bundle);
  const place = `/run/lab/programs/${file.replaceAll("/", "-").replace(/\.ts$/, ".mjs")}`;
  await execa("ssh", [...machine.sshArguments, `mkdir -p /run/lab/programs && cat >${place}`], {
    input: await bundle,
  });
  const given = JSON.stringify(argument).replaceAll("'", String.raw`'\''`);
  return JSON.parse(await machine.must(`exec ${command} ${place} '${given}'`, { timeout }));
}

async function bundled(file: string): Promise<Buffer> {
  const { outputFiles } = await build({
    absWorkingDir: path.join(import.meta.dirname, ".."),
    entryPoints: [file],
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
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error(`esbuild made nothing of ${file}`);
  return Buffer.from(bundle.contents);
}
