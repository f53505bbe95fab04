import test from "ava";
import { OpeningFiles } from "../../../../backup-sidecar/repository/bridge/opening-files.ts";

test("what every restic reads first is asked for once a minute", async (t) => {
  let now = 0;
  let asked = 0;
  const opening = new OpeningFiles(() => now);
  const recall = (): Promise<number> => opening.recall("keys", async () => (asked += 1));
  t.is(await recall(), 1);
  now = 59_999;
  t.is(await recall(), 1);
  now = 60_000;
  t.is(await recall(), 2);
});

test("what was written through us is asked for anew", async (t) => {
  const opening = new OpeningFiles(() => 0);
  await opening.recall("config", async () => "old");
  opening.forget();
  t.is(await opening.recall("config", async () => "new"), "new");
});

test("what was asked before a change and answered after it is not remembered", async (t) => {
  const opening = new OpeningFiles(() => 0);
  const answer = Promise.withResolvers<string>();
  const asked = opening.recall("keys", () => answer.promise);
  opening.forget();
  answer.resolve("before");
  t.is(await asked, "before");
  t.is(await opening.recall("keys", async () => "after"), "after");
});

test("a failure is not remembered", async (t) => {
  const opening = new OpeningFiles(() => 0);
  await t.throwsAsync(opening.recall("config", () => Promise.reject(new Error("away"))));
  t.is(await opening.recall("config", async () => "there"), "there");
});
