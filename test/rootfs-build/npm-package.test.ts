import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { execa } from "execa";
import { writeNpmPackage } from "../../rootfs-build/npm-package.ts";

test("the command can be installed by npm, without a registry and without anything beside it", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-npm-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeNpmPackage(path.join(folder, "package"), { version: "1.2.3", id: "1.2.3+test" });
  const { stdout: archive } = await execa("npm", ["pack", "./package", "--silent"], {
    cwd: folder,
  });
  const prefix = path.join(folder, "installed");
  await execa(
    "npm",
    ["install", "--global", "--offline", "--no-audit", "--prefix", prefix, archive],
    { cwd: folder },
  );
  const { stdout } = await execa(path.join(prefix, "bin/swarmnfs"), ["--version"]);
  t.regex(stdout, /1\.2\.3/);
});
