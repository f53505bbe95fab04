import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LiveNode } from "../../../nfs-server/nodes/live-node.ts";
import type { LeaseReply, Renewed } from "../../../storage/swarmnfs/protocol/lease.ts";
import { LeasesUnderTest, nodes } from "./leases-under-test.ts";

/** What one node has, as its plugin and its kernel see it. */
interface Machine {
  readonly node: LiveNode;
  /** Volumes that are mounted there; true: containers use it. */
  readonly mounted: Map<string, boolean>;
  /** It hears and is heard. */
  isConnected: boolean;
  /** Answers that wait for the next renewal. */
  replies: LeaseReply[];
  /** It was told that it is fenced, and has unmounted everything. */
  isSorry: boolean;
  /** It was reset, and the server's kernel has not noticed yet. */
  isNewBorn: boolean;
}

export const volumeNames = { x: "exclusive", y: "exclusive", s: "shared", r: "readonly" } as const;
export type VolumeName = keyof typeof volumeNames;

/** Longer than the server waits for a holder here. */
const pollMs = 40;

/** Three nodes with plugins that do what plugins do, and a server that may be killed before any of its effects. */
export class Cluster {
  readonly world: LeasesUnderTest;
  readonly machines: readonly Machine[];
  /** By volume: clients that hold locks in it, as the server's kernel sees it. */
  readonly locks = new Map<string, Set<string>>();
  /** The first thing that must never be, and was. */
  wrong: string | null = null;
  /** So many effects until the server is killed; null: it is not. */
  killAfter: number | null = null;

  constructor(folder: string) {
    this.world = new LeasesUnderTest(folder);
    this.world.askBoundMs = 15;
    this.machines = nodes.map((node) => ({
      node,
      mounted: new Map(),
      isConnected: true,
      replies: [],
      isSorry: false,
      isNewBorn: false,
    }));
    for (const [name, access] of Object.entries(volumeNames)) this.world.volume(name, access);
    this.#watch();
  }

  async begin(): Promise<void> {
    this.killAfter = null;
    await this.world.begin(() => this.#before());
    await this.world.leases.sweep();
  }

  /** Somebody starts a container: the plugin attaches, and mounts what it got. */
  async start(machine: Machine, volume: VolumeName): Promise<void> {
    if (!machine.isConnected || machine.isSorry) return;
    await this.#withOthersPolling(machine, async () => {
      await this.world.attach(machine.node, volume, ["service one"]);
      machine.mounted.set(volume, true);
      this.#lock(machine, volume);
    });
  }

  /** Its containers end; the volume stays mounted for a while. */
  idle(machine: Machine, volume: VolumeName): void {
    if (machine.mounted.has(volume)) machine.mounted.set(volume, false);
  }

  /** The plugin unmounts, and gives back. */
  async stop(machine: Machine, volume: VolumeName): Promise<void> {
    if (!machine.mounted.has(volume) || !machine.isConnected) return;
    this.#unmount(machine, volume);
    await this.#unlessKilled(this.world.leases.detach(machine.node, volume));
  }

  /** Power off and on: nothing is mounted there any more, but the server's kernel does not know. */
  reboot(machine: Machine): void {
    machine.mounted.clear();
    machine.replies = [];
    machine.isNewBorn = true;
  }

  async announceAbsence(machine: Machine): Promise<void> {
    if (machine.isConnected)
      await this.#unlessKilled(this.world.leases.absence(machine.node, 120_000));
  }

  async revoke(machine: Machine, volume: VolumeName): Promise<void> {
    const all = this.world.leases.holdersOf(volume);
    const lease = all.find(({ nodeId }) => nodeId === machine.node.id);
    if (lease !== undefined) await this.#unlessKilled(this.world.leases.revoke(lease.id));
  }

  async poll(machine: Machine, waitMs = 0): Promise<void> {
    if (!machine.isConnected || this.world.death.aborted) return;
    const replies = machine.replies.splice(0);
    const unfenced = machine.isSorry;
    const told = await this.#unlessKilled(
      this.world.renew(machine.node, [...machine.mounted.keys()], { waitMs, replies, unfenced }),
    );
    if (told !== null) await this.#heed(machine, told, unfenced);
  }

  /** Time passes; who is connected renews. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 15_000) {
      this.world.now += Math.min(left, 15_000);
      for (const machine of this.machines) await this.poll(machine);
      if (!this.world.death.aborted) await this.#unlessKilled(this.world.leases.sweep());
      await this.revive();
    }
  }

  async crash(): Promise<void> {
    await this.world.crash();
    await this.begin();
  }

  /** A server that was killed is started again. */
  async revive(): Promise<void> {
    if (this.world.death.aborted) await this.crash();
  }

  /** Throws if anything is as it must not be. */
  check(): void {
    if (this.wrong !== null) throw new Error(this.wrong);
    const leased = new Set(
      this.world.leases.list().map(({ volume, nodeId }) => `${volume}@${nodeId}`),
    );
    for (const { client, granted } of this.world.exports.all())
      if (!leased.has(`${granted.volume}@${client}`))
        throw new Error(`${granted.volume} is shown to ${client}, which has no lease`);
  }

  /** Everybody is well again: whatever happened, each volume can be had by each node in turn. */
  async heal(): Promise<void> {
    this.killAfter = null;
    for (const machine of this.machines) machine.isConnected = true;
    await this.pass(60_000);
    for (const machine of this.machines)
      for (const volume of Object.keys(volumeNames) as VolumeName[])
        await this.stop(machine, volume);
    for (const machine of this.machines) {
      for (const volume of Object.keys(volumeNames) as VolumeName[]) {
        // On a slow machine a holder may not have answered in time.
        for (let tries = 0; tries < 50 && !machine.mounted.has(volume); tries += 1)
          await this.start(machine, volume);
        if (!machine.mounted.has(volume))
          throw new Error(`${machine.node.name} cannot have ${volume}`);
        await this.stop(machine, volume);
      }
    }
    this.check();
    if (this.world.exports.all().length > 0) throw new Error("something is still shown");
  }

  /** While somebody attaches, the others' plugins are there to be asked, as long polls are. */
  async #withOthersPolling(machine: Machine, work: () => Promise<void>): Promise<void> {
    const over = new AbortController();
    const others = this.machines.filter((other) => other !== machine && other.isConnected);
    const { death } = this.world;
    const polling = others.map(async (other) => {
      while (!over.signal.aborted && !death.aborted) await this.poll(other, pollMs);
    });
    try {
      await this.#unlessKilled(work());
    } finally {
      over.abort();
      if (!death.aborted) this.world.leases.hush();
      await Promise.all(polling);
    }
  }

  async #heed(machine: Machine, told: Renewed, wasSorry: boolean): Promise<void> {
    if (told.fenced) {
      for (const volume of machine.mounted.keys()) this.#unmount(machine, volume);
      machine.isSorry = true;
      return;
    }
    if (wasSorry) machine.isSorry = false;
    // What it lost goes stale, and the plugin unmounts it.
    for (const volume of told.lost) if (machine.mounted.has(volume)) this.#unmount(machine, volume);
    for (const request of told.requests) {
      if (request.kind !== "release") continue;
      const isUsed = machine.mounted.get(request.volume) === true;
      if (!isUsed) this.#unmount(machine, request.volume);
      const outcome = isUsed ? ("in-use" as const) : ("released" as const);
      machine.replies.push({
        request: request.id,
        outcome,
        consumers: isUsed ? ["service one"] : [],
      });
    }
  }

  #lock(machine: Machine, volume: string): void {
    const { node } = machine;
    // Only who is shown a volume can mount it and lock in it.
    if (this.world.shown(node, volume) === null) return;
    if (machine.isNewBorn) for (const each of this.locks.values()) each.delete(node.id);
    machine.isNewBorn = false;
    const holders = this.locks.get(volume) ?? new Set<string>();
    this.locks.set(volume, holders.add(node.id));
  }

  #unmount(machine: Machine, volume: string): void {
    machine.mounted.delete(volume);
    this.locks.get(volume)?.delete(machine.node.id);
  }

  /** Null: the server was killed before it answered; it is started again by whoever asked. */
  async #unlessKilled<T>(work: Promise<T>): Promise<T | null> {
    const { death } = this.world;
    const killed = Promise.withResolvers<null>();
    death.addEventListener("abort", () => killed.resolve(null), { once: true });
    if (death.aborted) killed.resolve(null);
    const answered = work.catch((error: unknown) => {
      if (error instanceof Error && "code" in error) return null; // refused, as it may be
      throw error;
    });
    return Promise.race([answered, killed.promise]);
  }

  async #before(): Promise<void> {
    if (this.killAfter === null) return;
    this.killAfter -= 1;
    if (this.killAfter > 0) return;
    this.killAfter = null;
    void this.world.crash();
    await new Promise<never>(() => {});
  }

  /** Looks at everything that the kernel is told, at the moment when it is told. */
  #watch(): void {
    const { exports, clients } = this.world;
    const grant = exports.grant.bind(exports);
    exports.grant = async (client, granted) => {
      await grant(client, granted);
      const { volume } = granted;
      const file = join(this.world.folder, "leases", `${volume}@${client}.json`);
      if (!existsSync(file)) this.wrong ??= `${volume} is shown to ${client} before it is on disk`;
      if (volumeNames[volume as VolumeName] !== "exclusive") return;
      const all = exports.all().filter((one) => one.granted.volume === volume);
      if (all.length > 1) this.wrong ??= `${volume} is shown to ${all.length} nodes`;
      const locked = [...(this.locks.get(volume) ?? [])].filter((holder) => holder !== client);
      if (locked.length > 0)
        this.wrong ??= `${volume} is shown to ${client}, and ${locked.join()} has locks in it`;
    };
    const expire = clients.expire.bind(clients);
    clients.expire = async (nodeId, address) => {
      for (const holders of this.locks.values()) holders.delete(nodeId);
      return expire(nodeId, address);
    };
  }
}
