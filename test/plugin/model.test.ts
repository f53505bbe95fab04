import test from "ava";
import * as fc from "fast-check";
import { steps } from "./model.ts";
import { Node } from "./node-under-test.ts";

test("whatever happens, in whatever order, mounts, holders and records agree", async (t) => {
  t.timeout(120_000);
  await fc.assert(
    fc.asyncProperty(fc.commands(steps(), { maxCommands: 40, size: "+1" }), async (commands) => {
      const node = await Node.start();
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: node }), commands);
        await node.settle();
        for (const { name, state } of node.plugin.engine.containers.values()) {
          if (state === "running") await node.docker.stop(name);
          node.docker.removeContainer(name);
        }
        await node.settle();
        for (const volume of node.volumes) await node.docker.removeVolume(volume);
      } finally {
        await node.end();
      }
    }),
    { numRuns: 60, includeErrorInReport: true, interruptAfterTimeLimit: 20_000 },
  );
  t.pass();
});
