import test from "ava";
import { patiently } from "../../nfs-server/patience.ts";
import { UserError } from "../../service/user-error.ts";
import { CommandFailed } from "../../storage/mounting/bounded-command.ts";
import { StorageUnavailable } from "../../storage/unavailable.ts";

const short = { againMs: 1, longestMs: 60_000 };
const late = new CommandFailed("mount", { reason: "no answer", timedOut: true, missing: false });
const silent = new StorageUnavailable("the disk does not answer");

class Lines {
  readonly said: string[] = [];
  readonly warn = (facts: object): void => {
    this.said.push("reason" in facts ? String(facts.reason) : "");
  };
}

/** Fails with these, one after the other, and then succeeds. */
function failing(...errors: Error[]): () => Promise<string> {
  return async () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return "done";
  };
}

test("a step that did not end in time, or whose disk is silent, is tried again until it succeeds", async (t) => {
  const log = new Lines();
  const step = failing(late, silent, silent, late);
  t.is(await patiently(step, "the data disk", log as never, short), "done");
  t.deepEqual(
    log.said,
    ["mount failed: no answer", "the disk does not answer", "mount failed: no answer"],
    "each reason once",
  );
});

test("what waiting does not mend ends the start at once", async (t) => {
  const refused = new CommandFailed("mount", {
    reason: "permission denied",
    timedOut: false,
    missing: false,
  });
  for (const error of [
    refused,
    new UserError("invalid", "wrong"),
    new UserError("unsupported", "cannot be exported"),
    new TypeError("ours"),
  ]) {
    const thrown = await t.throwsAsync(
      patiently(failing(error), "a step", new Lines() as never, short),
      { any: true },
    );
    t.is(thrown, error);
  }
});

test("nobody waits for ever in one process", async (t) => {
  const step = async (): Promise<never> => {
    throw silent;
  };
  const wait = patiently(step, "a step", new Lines() as never, { againMs: 1, longestMs: 5 });
  t.is(await t.throwsAsync(wait), silent);
});
