import path from "node:path";
import process from "node:process";
import test from "ava";
import { execa } from "execa";

const init = path.join(import.meta.dirname, "../../nfs-server/init.ts");

test("the container can print what it would understand of its settings, and starts nothing", async (t) => {
  const { stdout, exitCode } = await run(["print-config"], { SWARMNFS_INTERFACE: "eth7" });
  t.is(exitCode, 0);
  t.regex(stdout, /^SETTING +VALUE +FROM$/m);
  t.regex(stdout, /^SWARMNFS_INTERFACE +eth7 +environment$/m);
});

test("what it would refuse is said", async (t) => {
  const { stdout, exitCode } = await run(["print-config", "--json"], { SWARMNFS_THREADS: "many" });
  t.is(exitCode, 1);
  t.regex(stdout, /SWARMNFS_THREADS="many" is wrong: a whole number/);
});

test("what it cannot do is said with what it can", async (t) => {
  const { stderr, exitCode } = await run(["--help"], {});
  t.is(exitCode, 2);
  t.regex(stderr, /"--help" is not known here.* print-config shows/);
});

function run(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const env = { PATH: process.env["PATH"] ?? "", ...environment };
  return execa(process.execPath, [init, ...args], { env, extendEnv: false, reject: false });
}
