import test from "ava";
import { HookCalls } from "../../../nfs-server/control/hook-calls.ts";
import type { HookAnswer, HookCall } from "../../../storage/records/hook-call.ts";

const call: HookCall = {
  schema: 1,
  id: "018f0000-0000-7000-8000-00000000000a",
  app: "blog",
  volumes: ["blog_data"],
  phase: "pre",
  engine: null,
  node: "storage1",
  calledAt: "2026-03-01T00:00:00Z",
};
const itself = { id: "018f0000-0000-7000-8000-000000000001", name: "storage node" };

test("who has the volumes is said once, and again if it could not be said", async (t) => {
  const said: HookAnswer[] = [];
  let failures = 1;
  const storage = {
    answerHook: async (_id: string, answer: HookAnswer) => {
      failures -= 1;
      if (failures >= 0) throw new Error("the disk hung");
      said.push(answer);
    },
  };
  const lease = { volume: "blog_data", state: "held", node: "node1", nodeId: itself.id };
  const leases = { announceChange: () => undefined, list: () => [lease] };
  // What is not here is not asked for.
  const parts = [storage, leases] as unknown as ConstructorParameters<typeof HookCalls>;
  const calls = new HookCalls(parts[0], parts[1], itself);
  await t.throwsAsync(calls.hear([call]), { message: "the disk hung" });
  for (let look = 0; look < 3; look += 1) await calls.hear([call]);
  t.deepEqual(
    said.map(({ holders }) => holders),
    [[{ node: "node1", nodeId: itself.id }]],
  );
});
