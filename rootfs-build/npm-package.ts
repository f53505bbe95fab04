import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { bundle } from "./bundle.ts";
import type { BuildIdentity } from "./identity.ts";

const root = path.join(import.meta.dirname, "..");

/**
 * Writes the command as a package for npm into `folder`, for machines that have Node.js anyway: one file, nothing that is
 * installed beside it, no scripts that run at installation.
 */
export async function writeNpmPackage(folder: string, identity: BuildIdentity): Promise<void> {
  await mkdir(folder, { recursive: true });
  await bundle(folder, identity, { first: {}, others: { swarmnfs: "cli/main.ts" } });
  await writeFile(path.join(folder, "bin.mjs"), '#!/usr/bin/env node\nimport "./swarmnfs.mjs";\n');
  await chmod(path.join(folder, "bin.mjs"), 0o755);
  const manifest = {
    name: "swarmnfs",
    version: identity.version,
    description: "The command of swarmnfs, shared storage for Docker Swarm",
    license: "Apache-2.0",
    type: "module",
    bin: { swarmnfs: "bin.mjs" },
    // What the language and its library have since then is used as it is.
    engines: { node: ">=22" },
    repository: "github:swarmnfs/swarmnfs",
  };
  await writeFile(path.join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of ["README.md", "LICENSE"])
    await copyFile(path.join(root, name), path.join(folder, name));
}
