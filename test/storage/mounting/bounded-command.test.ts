import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { CommandFailed, runBounded } from "../../../storage/mounting/bounded-command.ts";

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
