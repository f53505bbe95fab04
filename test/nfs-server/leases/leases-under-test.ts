import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { pino } from "pino";
import { leaseFiles } from "../../../nfs-server/leases/lease-file.ts";
import { Leases } from "../../../nfs-server/leases/leases.ts";
import { standingFiles } from "../../../nfs-server/leases/standing-file.ts";
import type { LiveNode } from "../../../nfs-server/nodes/live-node.ts";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import type { Lease, Renewal, Renewed } from "../../../storage/swarmnfs/protocol/lease.ts";
import { mortal } from "../../plugin/effects.ts";
import { volumeRecord } from "../../storage/records/volume-record.ts";
import { FakeExports, FakeNfsClients } from "../fake-kernel-side.ts";

const [node1, node2, node3] = [1, 2, 3].map((n): LiveNode => ({
  id: `01953f5e-0000-7000-8000-00000000000${n}`,
  name: `node${n}`,
  role: "node",
  address: `10.77.0.1${n}`,
})) as [LiveNode, LiveNode, LiveNode];
export const nodes = [node1, node2, node3] as const;

export const nothingNew: Renewal = { signs: [], replies: [], waitMs: 0, unfenced: false };

/** Called before every effect; what never returns is a process that was killed there. */
export type Before = (effect: string) => Promise<void>;

/** Leases on a disk of their own; time passes when the test says so. */
export class LeasesUnderTest {
  readonly folder: string;
  exports = new FakeExports();
  clients = new FakeNfsClients();
  readonly volumes = new Map<string, VolumeRecord>();
  readonly lines: Record<string, unknown>[] = [];
  /** Milliseconds, of the monotonic clock and of the other one. */
  now = Date.parse("2026-03-01T12:00:00Z");
  /** How long holders are waited for, milliseconds of real time; of those who answer nobody waits so long. */
  askBoundMs = 20_000;
  /** Ids of nodes that were revoked. */
  readonly revoked = new Set<string>();
  #leases: Leases | null = null;
  #death = new AbortController();
  #underWay = new Set<Promise<unknown>>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** `silent`: nobody answers, and is not waited for. */
  static async start(
    t: ExecutionContext,
    silent: "silent" | null = null,
  ): Promise<LeasesUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), "swarmnfs-leases-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const tested = new LeasesUnderTest(folder);
    if (silent !== null) tested.askBoundMs = 50;
    await tested.begin();
    return tested;
  }

  get leases(): Leases {
    if (this.#leases === null) throw new Error("it does not run");
    return this.#leases;
  }

  /** Aborts when the present life is over. */
  get death(): AbortSignal {
    return this.#death.signal;
  }

  /** A life begins on what the one before left; the kernel was made to forget what it had been told. */
  async begin(before: Before = async () => {}): Promise<void> {
    this.#death = new AbortController();
    this.exports.forget();
    const { signal } = this.#death;
    const effect = <T extends object>(real: T): T =>
      mortal(preceded(this.#awaited(real), before), signal);
    this.#leases = new Leases({
      folder: this.folder,
      files: {
        leases: effect(leaseFiles(this.folder)),
        standings: effect(standingFiles(this.folder)),
      },
      exports: effect(this.exports),
      clients: effect(this.clients),
      clock: { now: () => this.now },
      monotonic: () => this.now,
      log: pino(
        { level: "info" },
        { write: (line) => this.lines.push(JSON.parse(line) as Record<string, unknown>) },
      ),
      askBoundMs: this.askBoundMs,
      isMember: (id) => !this.revoked.has(id),
    });
    await this.#leases.open((name) => this.volumes.get(name) ?? null);
  }

  /** Killed: nothing it was at goes on, but what had reached the disk or the kernel is done. */
  async crash(): Promise<void> {
    this.#death.abort();
    await Promise.allSettled(this.#underWay);
    this.#leases = null;
  }

  async restart(): Promise<void> {
    await this.crash();
    await this.begin();
  }

  volume(name: string, access: VolumeRecord["access"] = "shared"): VolumeRecord {
    const record = volumeRecord(name, {
      id: crypto.randomUUID(),
      app: "blog",
      access,
      owner: { uid: 1000, gid: 1001, mode: 0o755 },
      fsid: this.volumes.size + 1,
      createdAt: "2026-03-01T12:00:00Z",
    });
    this.volumes.set(name, record);
    return record;
  }

  attach(node: LiveNode, volume: string, consumers: readonly string[] = []): Promise<Lease> {
    return this.leases.attach(node, {
      volume,
      consumers,
      look: async () => {
        const record = this.volumes.get(volume);
        if (record === undefined) throw new Error(`no volume ${volume}`);
        return record;
      },
      prepare: async () => {},
    });
  }

  /** The node says that it has these volumes mounted. */
  renew(
    node: LiveNode,
    volumes: readonly string[],
    more: Partial<Renewal> = {},
    consumers: readonly string[] = [],
  ): Promise<Renewed> {
    const since = "2026-03-01T12:00:00Z";
    const signs = volumes.map((volume) => ({ volume, since, consumers: [...consumers] }));
    const { signal } = new AbortController();
    return this.leases.renew(node, { ...nothingNew, signs, ...more }, signal);
  }

  /** Time passes, in which these nodes renew what they have. */
  async pass(
    ms: number,
    alive: readonly (readonly [LiveNode, readonly string[]])[] = [],
  ): Promise<void> {
    for (let left = ms; left > 0; left -= 10_000) {
      this.now += Math.min(left, 10_000);
      for (const [node, volumes] of alive) await this.renew(node, volumes);
    }
  }

  files(): Promise<string[]> {
    return readdir(join(this.folder, "leases"));
  }

  shown(node: LiveNode, volume: string): ReturnType<FakeExports["shownAt"]> {
    return this.exports.shownAt(node.address, volume);
  }

  /** Remembers what is under way, so that a crash can let it reach the disk. */
  #awaited<T extends object>(real: T): T {
    return each(real, (call) => {
      const work = call();
      this.#underWay.add(work);
      return work.finally(() => this.#underWay.delete(work));
    });
  }
}

function preceded<T extends object>(real: T, before: Before): T {
  return each(real, async (call, name) => {
    await before(name);
    return call();
  });
}

/** Every method of an effect, done differently. */
function each<T extends object>(
  real: T,
  how: (call: () => Promise<unknown>, name: string) => Promise<unknown>,
): T {
  return new Proxy(real, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) =>
        how(() => Reflect.apply(member, target, args) as Promise<unknown>, String(key));
    },
  });
}
