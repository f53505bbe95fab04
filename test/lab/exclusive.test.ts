// A volume that one node alone may have: who gets it when its holder is cut off, works, or has given it back.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { countsOn, runningSince } from "./counter.ts";
import { held, locks, nobodyFenced, refusedOn, secondsSince } from "./exclusive-scene.ts";
import { isLocked } from "./flock.ts";
import { takenOver } from "./taken-over.ts";

const on = labCluster();

test("the node of an exclusive volume is cut off: another one gets it, and nothing of the first arrives any more", (t) =>
  takenOver(t, on, "cut"));

test("who starts an exclusive volume elsewhere by mistake is refused by name, and its holder is not disturbed", async (t) => {
  const { storage, name, holder, since } = await held(on, "mistake");
  const asked = await storage.now();
  const words = await refusedOn(t, on, on.node(3), name);
  t.regex(words, new RegExp(`is in use on "node2" \\(.*${name}-1.*Stop it there first`));
  await countsOn(on, holder, `${name}-1`);
  t.is(await runningSince(on, holder, `${name}-1`), since);
  await nobodyFenced(t, storage, asked);
});

test("an exclusive volume that was given back goes over at once; other apps of that node keep their locks", async (t) => {
  const { storage, name, holder } = await held(on, "given");
  const asked = await storage.now();
  const other = await on.volume("locks");
  await locks(on, holder, other, "a");
  await on.docker(holder, `rm --force ${name}-1`);
  const began = performance.now();
  t.is(await on.says(on.node(3), `${name}-2`, name, "echo mine >now; cat now"), "mine");
  t.log(`${secondsSince(began)} s from a start to its end, on a volume that was just given back`);
  t.true(await isLocked(on, on.node(3), other, "lock-a"));
  await nobodyFenced(t, storage, asked);
});
