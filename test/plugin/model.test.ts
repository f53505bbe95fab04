import test from "ava";
import * as fc from "fast-check";
import { Node, steps, type Expected } from "./model.ts";

test("whatever happens, in whatever order, mounts, holders and records agree in the end", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.commands(steps(), { maxCommands: 40, size: "+1" }), async (commands) => {
      const node = await Node.start();
      try {
        const expected: Expected = { volumes: new Set() };
        await fc.asyncModelRun(() => ({ model: expected, real: node }), commands);
        await node.settle(expected);
        for (const { name, state } of node.plugin.engine.containers.values()) {
          if (state === "running") await node.docker.stop(name);
          node.docker.removeContainer(name);
        }
        await node.settle(expected);
        for (const volume of expected.volumes) await node.docker.removeVolume(volume);
      } finally {
        await node.end();
      }
    }),
    { numRuns: 60, endOnFailure: false, interruptAfterTimeLimit: 25_000 },
  );
  t.pass();
});
