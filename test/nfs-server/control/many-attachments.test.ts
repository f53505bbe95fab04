import test from "ava";
import { AgentUnderTest, type JoinedNode } from "../agent-under-test.ts";

test("500 attachments at once by one node are all answered, and no other node waits for them", async (t) => {
  t.timeout(300_000);
  const agent = await AgentUnderTest.start(t);
  const [busy, other] = [await agent.join("busy"), await agent.join("other")];
  const names = Array.from({ length: 20 }, (_, number) => `v${number}`);
  for (const name of names)
    await busy.call("createVolume", {}, { name, options: {}, defaults: {} });
  // Not over the network: a plugin has no more than a few calls under way, and a thief as many as it likes.
  const { signal } = new AbortController();
  const attach = async ({ id, name }: JoinedNode, volume: string): Promise<string> => {
    const node = { id, name, role: "node", address: agent.addressOf(id) } as const;
    const body = { id: null, consumers: [] };
    const { lease } = await agent.server.operations.attach({
      node,
      params: { name: volume },
      body,
      signal,
    });
    return lease.volume;
  };
  let done = 0;
  const attachments = Array.from({ length: 500 }, async (_, number) => {
    const volume = await attach(busy, names[number % names.length] ?? "");
    done += 1;
    return volume;
  });
  await attach(other, "v0");
  t.log(`${done} of 500 were done before that of another node`);
  t.true(done < 100);
  t.is(new Set(await Promise.all(attachments)).size, names.length);
  t.is(agent.server.leases.list().length, names.length + 1);
});
