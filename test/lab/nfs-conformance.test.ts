import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { build } from "esbuild";
import { execa } from "execa";
import { labCluster } from "./cluster.ts";
import { say } from "./eventually.ts";

const cluster = labCluster();

/** Where the plugin's own Node is, on a machine that has it. */
const node = "/var/lib/docker/plugins/*/rootfs/usr/local/bin/node";

test.serial(
  "the conformance suite of storages passes on nfs://, over the kernel's NFS",
  async (t) => {
    t.timeout(1_800_000);
    const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-conformance-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await bundle(folder);
    const machine = cluster.node(1);
    const there = "/run/swarmnfs-conformance/program";
    const { stdout: packed } = await execa("tar", ["-C", folder, "-cz", "."], {
      encoding: "buffer",
    });
    await execa("ssh", [...machine.sshArguments, `mkdir -p ${there} && tar -C ${there} -xz`], {
      input: packed,
    });
    const child = execa("ssh", [
      ...machine.sshArguments,
      `exec $(ls ${node} | head -n 1) ${there}/nfs.mjs nas.lan /volume1`,
    ]);
    for await (const line of child) say(line);
    t.is((await child).exitCode, 0);
  },
);

async function bundle(outdir: string): Promise<void> {
  const root = path.join(import.meta.dirname, "../..");
  await build({
    absWorkingDir: root,
    entryPoints: { nfs: "test/lab/conformance/nfs.ts", keeper: "storage/keeper/main.ts" },
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
