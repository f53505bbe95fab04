import test from "ava";
import { failureOf, type Ending } from "../../../backup-sidecar/engine/restic-failure.ts";

const ending: Ending = {
  command: "backup",
  exitCode: 1,
  signal: null,
  ended: null,
  said: ["Fatal: something"],
};

test("every exit code of restic is understood, and unknown ones are failures", (t) => {
  const kinds = [1, 2, 3, 10, 11, 12, 77, 90, 92, 130].map((exitCode) => [
    exitCode,
    failureOf({ ...ending, exitCode }).kind,
  ]);
  t.deepEqual(kinds, [
    [1, "failed"],
    [2, "crashed"],
    [3, "failed"],
    [10, "no-repository"],
    [11, "locked"],
    [12, "wrong-password"],
    [77, "failed"],
    [90, "no-view"],
    [92, "no-view"],
    [130, "interrupted"],
  ]);
});

test("what ended it from outside is told: a signal, ourselves, a full disk", (t) => {
  const killed = failureOf({ ...ending, exitCode: null, signal: "SIGKILL" });
  t.is(killed.kind, "killed");
  t.regex(killed.message, /killed by SIGKILL: .* short of memory/);
  t.is(failureOf({ ...ending, ended: "aborted" }).kind, "interrupted");
  t.regex(failureOf({ ...ending, ended: "stuck" }).message, /nothing had moved for half an hour/);
  const full = failureOf({ ...ending, said: ["write /tmp/x: no space left on device"] });
  t.is(full.kind, "disk-full");
  t.is(failureOf({ ...ending, said: [] }).message, "restic backup failed: it said nothing");
});
