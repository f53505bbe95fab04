import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "ava";
import {
  CommandFailed,
  readBounded,
  runBounded,
} from "../../../storage/mounting/bounded-command.ts";
import { until } from "../../plugin/until.ts";

test("a program that is late is killed from below: it buries what it has started, and no zombie stays", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-bounded-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const note = join(folder, "note");
  const error = await t.throwsAsync(
    runBounded("sh", ["-c", `sleep 60; echo $? >${note}; exit 32`], 500),
    { instanceOf: CommandFailed },
  );
  t.true(error.timedOut);
  t.is(await readFile(note, "utf8"), "137\n");
});

test("a program that does not end even then is killed itself", async (t) => {
  const error = await t.throwsAsync(
    runBounded("sh", ["-c", "while :; do sleep 60; done; true"], 200),
    { instanceOf: CommandFailed, message: "sh failed: no answer within 0.2 s" },
  );
  t.true(error.timedOut);
});

test("a program that fails by itself says why", async (t) => {
  const error = await t.throwsAsync(runBounded("sh", ["-c", "echo no >&2; exit 32"], 60_000), {
    instanceOf: CommandFailed,
  });
  t.like(error, { reason: "no", timedOut: false, missing: false });
});

test("a program that says nothing is told of by how it ended, one that is not there as missing", async (t) => {
  const silent = await t.throwsAsync(runBounded("sh", ["-c", "exit 3"], 60_000), {
    instanceOf: CommandFailed,
    message: /^sh failed: .*exit code 3/,
  });
  t.is(silent?.exitCode, 3);
  const killed = await t.throwsAsync(runBounded("sh", ["-c", "kill -9 $$"], 60_000));
  t.regex(killed?.message ?? "", /^sh failed: .*SIGKILL/);
  const missing = await t.throwsAsync(runBounded("/nowhere/mount", [], 60_000), {
    instanceOf: CommandFailed,
  });
  t.like(missing, { missing: true, timedOut: false, exitCode: null });
});

test("what a program writes is answered whole, without its last newline", async (t) => {
  t.is(await readBounded("sh", ["-c", "echo ä; echo b; echo c >&2"], 60_000), "ä\nb");
  const much = await readBounded("sh", ["-c", "head -c 1000000 /dev/zero | tr '\\0' x"], 60_000);
  t.is(much.length, 1_000_000);
});

test("programs end with the process that runs them, and with all that they have started", async (t) => {
  const source = new URL("../../../storage/mounting/bounded-command.ts", import.meta.url).href;
  const text = `import { runBounded } from ${JSON.stringify(source)};
    void runBounded("sh", ["-c", "sleep 300 & wait"], 60_000).catch(() => {});
    process.stdin.once("data", () => process.exit(0));`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", text], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const exited = once(parent, "exit");
  let program = "";
  let helper = "";
  await until("the program has started its own", async () => {
    program = (await children(parent.pid)).trim();
    helper = program === "" ? "" : (await children(Number(program))).trim();
    return helper !== "";
  });
  parent.stdin.write("end\n");
  await exited;
  await until("both are gone", async () => {
    const states = await Promise.all([program, helper].map(stateOf));
    return states.every((state) => state === null || state === "Z");
  });
  t.pass();
});

/** Null: there is no such process. */
async function stateOf(pid: string): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.split(") ")[1]?.[0] ?? null;
}

async function children(pid: number | undefined): Promise<string> {
  return readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
}
