import type { ExecutionContext } from "ava";
import { noTransports } from "./no-transports.ts";
import { systemClock } from "../../../service/clock.ts";
import type { PortAnswer } from "../../../storage/nfs/server-port.ts";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import type { NodeIdentity } from "../../../storage/storage.ts";
import { LeaseMemory } from "../../../storage/swarmnfs/lease-memory.ts";
import { Membership } from "../../../storage/swarmnfs/membership.ts";
import { CredentialsFile } from "../../../storage/swarmnfs/node-credentials.ts";
import type { Lease, Renewal } from "../../../storage/swarmnfs/protocol/lease.ts";
import { SwarmnfsStorage } from "../../../storage/swarmnfs/swarmnfs-storage.ts";
import { StorageUnavailable } from "../../../storage/unavailable.ts";
import { node1 } from "../conformance.ts";
import { temporaryDirectory } from "../places.ts";
import { volumeRecord } from "../records/volume-record.ts";
import { FakeControlServer, FakeProblem } from "./fake-control-server.ts";

export const storageId = "018f0000-0000-7000-8000-00000000000a";

export function recordOf(name: string, id: string): VolumeRecord {
  return volumeRecord(name, { id, createdAt: "2026-03-01T00:00:00Z" });
}

/** A storage on a control API that has volumes, leases and wishes as a test sets them. */
export class SwarmnfsUnderTest {
  readonly server: FakeControlServer;
  readonly storage: SwarmnfsStorage;
  readonly records = new Map<string, VolumeRecord>();
  readonly leases = new Set<string>();
  /** Every renewal so far. */
  readonly renewals: Renewal[] = [];
  /** What is asked of the node with the next renewal. */
  requests: { kind: "release"; id: string; volume: string }[] = [];
  isFenced = false;
  nfsPort: PortAnswer = "open";
  identified = 0;
  /** NFS is served over TLS alone. */
  overTls = false;
  /** Certificates with which this node was made ready for that. */
  readonly secured: string[] = [];
  /** Why it cannot be made ready. */
  insecure: string | null = null;
  /** Ends the long poll. */
  #wake: (() => void) | null = null;

  private constructor(
    server: FakeControlServer,
    storage: (self: SwarmnfsUnderTest) => SwarmnfsStorage,
  ) {
    this.server = server;
    this.storage = storage(this);
    server.handlers = {
      storage: () => ({
        id: storageId,
        version: "0.1.0",
        nfs: { address: "127.0.0.1", port: 2049, ...(this.overTls && { tls: true as const }) },
        isolation: "subtree_check",
        quota: "xfs",
      }),
      health: () => ({ state: "ok", total: 100, free: 50, notes: [] }),
      volume: ({ params }) => this.#record(params["name"] ?? ""),
      attach: ({ params, body }) => {
        const record = this.#record(params["name"] ?? "");
        if (this.isFenced) throw new FakeProblem("fenced", "this node is fenced");
        if (body.id !== null && body.id !== record.id)
          throw new FakeProblem("conflict", "it is another one now");
        this.leases.add(record.name);
        return { lease: leaseOf(record), path: `/${record.name}`, options: record.mountOptions };
      },
      detach: ({ params }) => {
        this.leases.delete(params["name"] ?? "");
        return {};
      },
      renew: ({ body, signal }) => this.#renew(body, signal),
      absence: () => ({}),
    };
  }

  static async start(t: ExecutionContext, node: NodeIdentity = node1): Promise<SwarmnfsUnderTest> {
    const server = await FakeControlServer.start(t);
    const folder = await temporaryDirectory(t);
    const file = new CredentialsFile(`${folder}/credentials.json`);
    await file.write(await server.credentials(node.id));
    const { place, name } = server;
    const member = new Membership({ place, node, file, token: noToken, name, clock: systemClock });
    const made = new SwarmnfsUnderTest(
      server,
      (self) =>
        new SwarmnfsStorage(
          place,
          {
            member,
            name,
            knock: async () => self.nfsPort,
            identify: async () => {
              self.identified += 1;
              return { name: node.id, isOurs: true };
            },
            clock: systemClock,
            tls: {
              ready: async ({ certificate }) => {
                if (self.insecure !== null) throw new StorageUnavailable(self.insecure);
                self.secured.push(certificate);
              },
            },
            transports: noTransports,
            memory: new LeaseMemory(`${folder}/leases.json`),
            patience: { everyMs: 500, restMs: 20 },
          },
          { probeEveryMs: 50 },
        ),
    );
    t.teardown(() => made.storage.close());
    return made;
  }

  /** A volume on the server. */
  add(name: string, change: Partial<VolumeRecord> = {}): VolumeRecord {
    const id = `018f0000-0000-7000-8000-${(this.records.size + 100).toString().padStart(12, "0")}`;
    const record = { ...recordOf(name, id), ...change };
    this.records.set(name, record);
    return record;
  }

  /** The server has something to say. */
  wake(): void {
    this.#wake?.();
  }

  #record(name: string): VolumeRecord {
    const record = this.records.get(name);
    if (record === undefined) throw new FakeProblem("not-found", `there is no volume "${name}"`);
    return record;
  }

  async #renew(
    renewal: Renewal,
    signal: AbortSignal,
  ): Promise<{
    termMs: number;
    fenced: boolean;
    lost: string[];
    requests: SwarmnfsUnderTest["requests"];
  }> {
    this.renewals.push(renewal);
    if (renewal.unfenced && renewal.signs.length === 0) this.isFenced = false;
    const lost = renewal.signs.map(({ volume }) => volume).filter((name) => !this.leases.has(name));
    const isNews = lost.length > 0 || this.isFenced || this.requests.length > 0;
    if (!isNews && renewal.waitMs > 0) await this.#something(renewal.waitMs, signal);
    const { isFenced: fenced, requests } = this;
    this.requests = [];
    return { termMs: 60_000, fenced, lost: fenced ? [] : lost, requests };
  }

  async #something(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve());
    await promise;
    clearTimeout(timer);
  }
}

async function noToken(): Promise<null> {
  return null;
}

function leaseOf({ name, id, app }: VolumeRecord): Lease {
  return {
    id: "018f0000-0000-7000-8000-0000000000ff",
    volume: name,
    volumeId: id,
    app,
    nodeId: node1.id,
    node: node1.name,
    address: "127.0.0.1",
    mode: "rw",
    exclusive: false,
    grantedAt: "2026-03-01T00:00:00Z",
    expiresAt: "2026-03-01T00:01:00Z",
    consumers: [],
    state: "held",
  };
}
