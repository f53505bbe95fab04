import { stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openStorage } from "../../../storage/open.ts";
import { AgentUnderTest } from "../../nfs-server/agent-under-test.ts";
import { node1 } from "../conformance.ts";
import { temporaryDirectory } from "../places.ts";

test("a URL and a token are all that a node needs", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const folder = await temporaryDirectory(t);
  const token = await agent.token(node1.name);
  const swarmnfs = {
    node: node1,
    credentialsFile: join(folder, "credentials.json"),
    leasesFile: join(folder, "leases.json"),
    addressFile: join(folder, "server-addresses.json"),
    folder,
    token: async () => token,
  };
  const url = `swarmnfs://${agent.host}:${agent.port}`;
  const storage = openStorage(url, { trashDays: 30, swarmnfs });
  t.teardown(() => storage.close());
  const { id } = await storage.open(null);
  t.deepEqual((await storage.list()).volumes, []);
  t.is((await stat(swarmnfs.credentialsFile)).mode & 0o777, 0o600);
  const again = openStorage(url, { trashDays: 30, swarmnfs: { ...swarmnfs, token: noToken } });
  t.teardown(() => again.close());
  t.deepEqual(await again.open(id), { id });
  t.true((again.server?.control?.certifiedUntil ?? 0) > Date.now());
});

async function noToken(): Promise<null> {
  return null;
}
