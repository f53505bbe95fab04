// The NAS goes down and comes back while a container writes: the application notices nothing but a pause.
import test, { type ExecutionContext } from "ava";
import { labCluster } from "./cluster.ts";
import { runningSince } from "./counter.ts";
import { say } from "./eventually.ts";
import { linesOf, Writer } from "./writer.ts";

const on = labCluster();

/** Generous: a server that knows its clients goes on at once, one that does not waits 90 s for them. */
const patience = 420_000;

test("the NAS is rebooted in order while a container writes: it continues, and nothing acknowledged is lost", (t) =>
  survives(t, "rebooted", () => {
    on.afterwards(() => on.mend(on.nas));
    return on.nas.shutDown();
  }));

test("the NAS loses power while a container writes: it continues, and nothing acknowledged is lost", (t) =>
  survives(t, "unplugged", () => on.fault(on.nas, "power-off")));

async function survives(
  t: ExecutionContext,
  word: string,
  goDown: () => Promise<unknown>,
): Promise<void> {
  const node = on.node(1);
  const name = await on.volume(word);
  const writer = await Writer.start(on, node, `${name}-writer`, name);
  await writer.beyond(20);
  const since = await runningSince(on, node, writer.name);

  await goDown();
  const acknowledged = await writer.acknowledged();
  say(`${acknowledged} lines were acknowledged when the NAS was off`);
  await on.mend(on.nas);
  await writer.beyond(acknowledged + 20, patience);
  t.is(await runningSince(on, node, writer.name), since);

  await writer.stop();
  const last = await writer.acknowledged();
  const text = await on.says(node, `${name}-reader`, name, `cat ${writer.name}`);
  t.true(linesOf(text) >= last, `${linesOf(text)} lines are there, ${last} were acknowledged`);
}
