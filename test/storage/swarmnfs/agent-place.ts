import { join } from "node:path";
import { noTransports } from "./no-transports.ts";
import type { ExecutionContext } from "ava";
import { systemClock } from "../../../service/clock.ts";
import { ServerName } from "../../../storage/nfs/server-name.ts";
import { volumeFolders } from "../../../storage/rules/volume-path.ts";
import type { Attachment, NodeIdentity } from "../../../storage/storage.ts";
import { LeaseMemory } from "../../../storage/swarmnfs/lease-memory.ts";
import { Membership } from "../../../storage/swarmnfs/membership.ts";
import { CredentialsFile } from "../../../storage/swarmnfs/node-credentials.ts";
import { SwarmnfsStorage } from "../../../storage/swarmnfs/swarmnfs-storage.ts";
import { AgentUnderTest } from "../../nfs-server/agent-under-test.ts";
import { node1, node2, type Place } from "../conformance.ts";
import { temporaryDirectory } from "../places.ts";

/** Without a kernel nothing can be mounted: what would be is told as the directory on the data disk that is behind it. */
class SeenFromTheDisk extends SwarmnfsStorage {
  data = "";

  override async attach(...args: Parameters<SwarmnfsStorage["attach"]>): Promise<Attachment> {
    const attachment = await super.attach(...args);
    const record = await this.get(args[0]);
    const folders = record === null ? [] : volumeFolders(record);
    return { ...attachment, source: join(this.data, ...folders) };
  }
}

/** A node that has joined an agent, and its storage. */
export async function connectTo(
  t: ExecutionContext,
  agent: AgentUnderTest,
  node: NodeIdentity,
): Promise<() => SwarmnfsStorage> {
  const path = join(await temporaryDirectory(t), "credentials.json");
  await new CredentialsFile(path).write((await agent.join(node.name, node.id)).credentials);
  return () => {
    const place = { url: "swarmnfs://storage1", host: "storage1", port: agent.port };
    const name = new ServerName("storage1", async () => [agent.host], systemClock);
    const file = new CredentialsFile(path);
    const world = {
      member: new Membership({ place, node, file, token: noToken, name, clock: systemClock }),
      name,
      knock: async () => "open" as const,
      identify: async () => ({ name: node.id, isOurs: true }),
      clock: systemClock,
      tls: { ready: async () => undefined },
      transports: noTransports,
      memory: new LeaseMemory(`${path}.leases`),
    };
    const storage = new SeenFromTheDisk(place, world, { probeEveryMs: 100 });
    storage.data = agent.data;
    t.teardown(() => storage.close());
    return storage;
  };
}

async function noToken(): Promise<null> {
  return null;
}

/** Two nodes, administrators both, take turns. */
export async function agentPlace(t: ExecutionContext): Promise<Place> {
  const agent = await AgentUnderTest.start(t, { SWARMNFS_ADMIN_NODES: "node1,node2" });
  const nodes = [await connectTo(t, agent, node1), await connectTo(t, agent, node2)];
  let count = 0;
  return {
    isServer: true,
    connect: () => {
      const next = nodes[count % 2];
      count += 1;
      if (next === undefined) throw new Error("there are two nodes");
      return next();
    },
  };
}
