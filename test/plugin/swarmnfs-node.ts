import { join } from "node:path";
import { noTransports } from "../storage/swarmnfs/no-transports.ts";
import type { ExecutionContext } from "ava";
import { systemClock } from "../../service/clock.ts";
import type { PortAnswer } from "../../storage/nfs/server-port.ts";
import { ServerName } from "../../storage/nfs/server-name.ts";
import type { Storage } from "../../storage/storage.ts";
import { LeaseMemory } from "../../storage/swarmnfs/lease-memory.ts";
import { Membership } from "../../storage/swarmnfs/membership.ts";
import { CredentialsFile } from "../../storage/swarmnfs/node-credentials.ts";
import { SwarmnfsStorage } from "../../storage/swarmnfs/swarmnfs-storage.ts";
import type { AgentUnderTest } from "../nfs-server/agent-under-test.ts";
import { FakeDaemon } from "./fake-daemon.ts";
import {
  type Circumstances,
  startPlugin,
  type PluginUnderTest,
  type ProcessUnderTest,
} from "./plugin-under-test.ts";
import { until } from "./until.ts";

/** What a dead process asks never arrives. */
class MortalName extends ServerName {
  readonly #death: AbortSignal;

  constructor(host: string, address: string, death: AbortSignal) {
    super(host, async () => [address], systemClock);
    this.#death = death;
  }

  override addresses(): Promise<readonly string[]> {
    return this.#death.aborted ? new Promise(() => {}) : super.addresses();
  }
}

/** A node with the whole plugin, on a storage node with the whole agent: what lacks is the kernel between them. */
export class SwarmnfsNode {
  readonly plugin: PluginUnderTest;
  readonly docker: FakeDaemon;
  readonly #nfs: { port: PortAnswer };
  readonly #ids: string[];

  private constructor(plugin: PluginUnderTest, nfs: { port: PortAnswer }, ids: string[]) {
    this.plugin = plugin;
    this.docker = new FakeDaemon(plugin);
    this.#nfs = nfs;
    this.#ids = ids;
  }

  static async start(
    t: ExecutionContext,
    agent: AgentUnderTest,
    node: string,
    lingerMs = 15,
    more: Pick<Circumstances, "clusterPatience"> = {},
  ): Promise<SwarmnfsNode> {
    const nfs = { port: "open" as PortAnswer };
    const ids: string[] = [];
    const token = await agent.token(node);
    const makeStorage = (_: string, process: ProcessUnderTest): Storage => {
      ids.push(process.node.id);
      const place = { url: "swarmnfs://storage1", host: "storage1", port: agent.port };
      const name = new MortalName("storage1", agent.host, process.death);
      const parts = { place, node: process.node, name, clock: systemClock };
      const file = new CredentialsFile(join(process.state, "credentials.json"));
      const member = new Membership({ ...parts, file, token: async () => token });
      process.death.addEventListener("abort", () => member.close());
      const world = {
        member,
        name,
        knock: async () => nfs.port,
        identify: async () => ({ name: process.node.id, isOurs: true }),
        clock: systemClock,
        tls: { ready: async () => undefined },
        transports: noTransports,
        memory: new LeaseMemory(join(process.state, "leases.json")),
        patience: { everyMs: 1000, restMs: 20 },
      };
      return new SwarmnfsStorage(place, world, { probeEveryMs: 50 });
    };
    const environment = {
      SWARMNFS_STORAGE: "swarmnfs://storage1",
      SWARMNFS_DEFAULT_OPTIONS: "app=crowd,services=*",
    };
    const plugin = await startPlugin(t, { node, environment, lingerMs, makeStorage, ...more });
    plugin.files.served = (source) => join(agent.data, "shared", source.split(":/").at(-1) ?? "");
    const made = new SwarmnfsNode(plugin, nfs, ids);
    await until("it has joined", async () => (await made.status()).trouble === null, 60_000);
    return made;
  }

  get id(): string {
    return this.#ids.at(-1) ?? "";
  }

  /** What NFS does when it is knocked at. */
  set nfsPort(answer: PortAnswer) {
    this.#nfs.port = answer;
  }

  /** What is mounted, by name. */
  get mounted(): string[] {
    return [...this.plugin.mounter.table.keys()].toSorted();
  }

  async status(): Promise<{ readonly trouble: { readonly reason: string } | null }> {
    const { text } = await this.plugin.docker.send("/Swarmnfs.Status", "{}");
    return JSON.parse(text) as { trouble: { reason: string } | null };
  }
}
