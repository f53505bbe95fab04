// The same on the storage node, through its control API: what takes four times as many volumes may take four times as long.
import test, { type ExecutionContext } from "ava";
import { AgentUnderTest } from "../../nfs-server/agent-under-test.ts";
import { SwarmnfsNode } from "../../plugin/swarmnfs-node.ts";
import { Asking, fill } from "./many.ts";

const few = 2_500;
const many = 10_000;
/** Of four times as many; noise is within it, their square is not. */
const atMost = 8;

const commands = [["volumes"], ["volumes", "--json"], ["usage"], ["apps", "--json"], ["report"]];

async function measure(t: ExecutionContext, count: number): Promise<number[]> {
  const agent = await AgentUnderTest.start(t);
  await fill(agent.data, count);
  const node = await SwarmnfsNode.start(t, agent, "node1");
  const asking = new Asking(t, node.plugin.directory);
  // The first one brings the catalog.
  t.log(`${count} volumes`);
  await asking.ask("volumes");
  const work: number[] = [];
  for (const command of commands) work.push(await asking.ask(...command));
  const shown = JSON.parse(asking.said["volumes --json"] ?? "") as { volumes: unknown[] };
  t.is(shown.volumes.length, count);
  await node.plugin.crash();
  await agent.stop();
  return work;
}

test.serial(
  "ten thousand volumes on a storage node cost four times what a quarter of them costs",
  async (t) => {
    t.timeout(1_800_000);
    const [before, after] = [await measure(t, few), await measure(t, many)];
    for (const [index, work] of after.entries()) {
      const less = Math.max(before[index] ?? 0, 100);
      t.true(work < less * atMost, `${commands[index]?.join(" ")}: ${less} ms, then ${work} ms`);
    }
  },
);
