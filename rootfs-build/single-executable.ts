// Builds dist/swarmnfs: the command as one file, for machines without Node.js.
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { execa } from "execa";
import * as z from "zod";

const root = path.join(import.meta.dirname, "..");
const dist = path.join(root, "dist");
const target = path.join(dist, "swarmnfs");
const bin = path.join(root, "node_modules/.bin");

// Where Node.js looks whether it carries a program: from its manual on single executable applications.
const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

const manifest: unknown = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
const { version } = z.object({ version: z.string() }).parse(manifest);

await mkdir(dist, { recursive: true });
// Beside the target, so that the last step is a rename.
const work = await mkdtemp(path.join(dist, "swarmnfs-"));
try {
  const executable = path.join(work, "swarmnfs");
  await copyFile(await realpath(path.join(bin, "node")), executable);
  await strip(executable);
  const blob = await writeBlob();
  await execa(path.join(bin, "postject"), [
    executable,
    "NODE_SEA_BLOB",
    blob,
    "--sentinel-fuse",
    fuse,
  ]);
  await prove(executable);
  await rename(executable, target);
} finally {
  await rm(work, { recursive: true, force: true });
}
const { size } = await stat(target);
process.stdout.write(`dist/swarmnfs ${version}: ${(size / 1e6).toFixed(0)} MB, needs no Node.js\n`);

/** The program and its compiled form, as Node.js wants them inside itself. */
async function writeBlob(): Promise<string> {
  const main = path.join(work, "swarmnfs.cjs");
  await build({
    entryPoints: [path.join(root, "cli/main.ts")],
    outfile: main,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    define: {
      SWARMNFS_BUILD_VERSION: JSON.stringify(version),
      SWARMNFS_BUILD_ID: JSON.stringify(version),
    },
    logLevel: "warning",
  });
  const output = path.join(work, "swarmnfs.blob");
  const configuration = path.join(work, "sea.json");
  await writeFile(
    configuration,
    JSON.stringify({
      main,
      output,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      // NODE_OPTIONS is for people's own programs; this one must not change by it.
      execArgvExtension: "none",
    }),
  );
  // By the same binary: the compiled form fits no other.
  await execa(path.join(bin, "node"), ["--experimental-sea-config", configuration]);
  return output;
}

/** Must come before anything is put in: afterwards it would take that out again. */
async function strip(executable: string): Promise<void> {
  const { failed } = await execa("strip", ["--strip-all", executable], { reject: false });
  if (failed)
    process.stderr.write(
      "strip (of binutils) did not work: the file is 18 MB larger than it could be\n",
    );
}

/** Runs it as on a bare machine. */
async function prove(executable: string): Promise<void> {
  const { stdout, stderr } = await execa(executable, ["version"], { env: {}, extendEnv: false });
  if (stdout !== `swarmnfs ${version}` || stderr !== "") {
    throw new Error(`the executable does not work: it says ${JSON.stringify(stdout + stderr)}`);
  }
}
