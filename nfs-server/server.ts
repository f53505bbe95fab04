import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { bounded } from "../service/bounded.ts";
import type { Clock } from "../service/clock.ts";
import type { Log } from "../service/log.ts";
import { repeat } from "../service/repeat.ts";
import { UserError } from "../service/user-error.ts";
import { AddressFile } from "../storage/nfs/address-file.ts";
import { Filler } from "../storage/filler.ts";
import { type Lookup, systemLookup } from "../storage/nfs/server-name.ts";
import type { NodeIdentity, Storage } from "../storage/storage.ts";
import type { AnswerOf } from "../storage/swarmnfs/protocol/routes.ts";
import { HookCalls } from "./control/hook-calls.ts";
import type { Operations } from "./control/operation.ts";
import { operations } from "./control/operations.ts";
import { RuleChanges } from "./control/rule-changes.ts";
import type { Exports } from "./exports/exports.ts";
import type { NfsClients } from "./kernel/nfs-clients.ts";
import type { LeaseEvents } from "./leases/lease-events.ts";
import type { LeaseRecord } from "./leases/lease-file.ts";
import { Leases } from "./leases/leases.ts";
import type { DamagedFile } from "./leases/record-files.ts";
import { Nodes } from "./nodes/nodes.ts";
import { applyDeclaredApps } from "./policy/apply-declared-apps.ts";
import type { Policy } from "./policy/policy.ts";
import { StaticGrants } from "./policy/static-grants.ts";
import type { ServerSettings } from "./settings.ts";

/** The world the agent lives in: every effect it has is one of these. */
export interface World {
  readonly settings: Pick<ServerSettings, "data" | "onRemove" | "controlPort" | "nfsPort" | "tls">;
  readonly policy: Policy;
  readonly storage: Storage;
  /** The storage's id as this machine met it first: an empty directory where a disk should be is not begun anew. Null: never. */
  readonly knownId?: string | null;
  readonly exports: Exports;
  readonly clients: NfsClients;
  readonly isolation: AnswerOf<"storage">["isolation"];
  /** By what sizes of volumes are enforced. */
  readonly quota: () => Promise<AnswerOf<"storage">["quota"]>;
  /** The address that is served; null: it is not there yet. */
  readonly address: () => string | null;
  /** Where nodes find the control API, for join tokens; by default the address and the port of the settings. */
  readonly place?: () => string | null;
  readonly config: () => AnswerOf<"config">;
  /** What stands out about the server, in words for people. */
  readonly notes: () => readonly string[];
  /** How names of hosts without a plugin are looked up; by default as the operating system does. */
  readonly lookup?: Lookup;
  readonly clock: Clock;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly log: Log;
  /** How long the holder of an exclusive volume is waited for, milliseconds. */
  readonly askBoundMs?: number;
  readonly events?: LeaseEvents;
}

/** The agent, put together. It listens to nothing by itself, and the kernel is not started by it. */
export interface Server {
  /** The storage's id. */
  readonly id: string;
  readonly nodes: Nodes;
  readonly leases: Leases;
  /** Volumes of hosts without a plugin. */
  readonly statics: StaticGrants;
  readonly operations: Operations;
  /** Begins what happens without being asked for; to be called when the kernel listens to us. */
  begin(): void;
  /** One such round, as it happens every five seconds. */
  round(): Promise<void>;
  /** One look at what others write on the data disk, as it happens as often. */
  look(): Promise<void>;
  /** Ends all that, and every long poll. What was granted stays: the kernel goes on by it. */
  stop(): Promise<void>;
}

const roundEveryMs = 5_000;
const staticEveryMs = 60_000;
/** How long a node waits for a volume that begins as a copy: Docker has asked it. By reflink that is enough. */
const fillBoundMs = 4_000;
const housekeepEveryMs = 5 * 60_000;
/** Clients come first after a restart: they all ask at once, and the first housekeeping reads everything there is. */
const firstHousekeepingMs = 60_000;
/** How long the end of a lease waits for its sign of use to be taken away; it lapses by itself after 90 s. */
const signBoundMs = 2_000;

/** Opens the storage and takes up what an earlier run left on the data disk: nodes, leases, declared apps. */
export async function assemble(world: World): Promise<Server> {
  const { settings, policy, storage, clock, monotonic, log } = world;
  const folder = join(settings.data, ".swarmnfs", "server");
  const { id } = await storage.open(world.knownId ?? null);
  const itself: NodeIdentity = { id, name: "storage node" };
  const leases = new Leases({
    ...world,
    folder,
    isMember: (node) => nodes.find(node) !== null,
    ended: (lease) => dropSign(storage, lease, log),
  });
  const nodes = await Nodes.open({
    folder,
    clock,
    monotonic,
    log,
    allowed: policy.allowedHosts,
    roleOf: (name, given) => (policy.isAdmin(name) ? "admin" : given),
    holdings: {
      leasesOf: (node) => leases.countOf(node),
      fencedBecause: (node) => leases.fenceOf(node)?.because ?? null,
      nodeGone: (node) => leases.nodeGone(node),
    },
    server: world.place ?? (() => placeOf(world)),
  });

  const catalog = await storage.list();
  const records = new Map(catalog.volumes.map((record) => [record.name, record]));
  const unreadable = new Set(catalog.damaged.map(({ file }) => file));
  await leases.open((name) => {
    const isUnreadable = [...unreadable].some((file) => file.endsWith(`/${name}.json`));
    return records.get(name) ?? (isUnreadable ? "unknown" : null);
  });
  await leases.narrowing.takeAway({
    volumes: [...new Set(leases.list().map(({ volume }) => volume))],
    mayStay: ({ node, address }) => policy.allowedHosts.allows(node, address),
    because: "SWARMNFS_ALLOWED_HOSTS does not allow its node",
  });
  const applied = await applyDeclaredApps(storage, policy.apps, itself);
  await leases.narrowing.takeAway({
    volumes: catalog.volumes.filter(({ root }) => root).map(({ name }) => name),
    mayStay: ({ node }) => policy.isRoot(node),
    because: "SWARMNFS_ROOT_NODES does not name its node",
  });
  const statics = new StaticGrants(policy.static, {
    ...world,
    allowed: policy.allowedHosts,
    lookup: world.lookup ?? systemLookup,
    memory: new AddressFile(join(folder, "static-hosts.json")),
    volume: (name) => storage.get(name),
    nodeAt: (address) => nodes.nameAt(address),
  });
  const rules = new RuleChanges({ storage, leases, nodes, statics });
  for (const { app, change } of applied.changed) {
    log.info({ app, change }, "a declared app");
    if (change.hosts !== undefined) await rules.takeUp(app);
  }
  for (const { app, reason } of applied.failed) log.error({ app, reason }, "a declared app");

  // Before the kernel asks: whoever had a volume before the restart has it after.
  await statics.round();

  const life = new AbortController();
  const filler = new Filler({
    storage,
    node: itself,
    onChange: ({ state }) => (state === "filling" ? undefined : leases.announceChange()),
    log,
    monotonic,
  });
  const round = (): Promise<void> => leases.sweep();
  const hooks = new HookCalls(storage, leases, itself);
  const look = async (): Promise<void> => {
    const { volumes, hookCalls = [] } = await storage.list();
    await hooks.hear(hookCalls);
    await filler.round(volumes);
  };
  const tidy = (): Promise<void> => housekeep(storage, leases, itself);
  const failed = (error: unknown): void => log.error({ err: error }, "a round failed");
  return {
    id,
    nodes,
    leases,
    statics,
    operations: operations({
      ...world,
      notes: () => [...world.notes(), ...statics.notes, ...leases.damaged.map(damagedLease)],
      onRemove: settings.onRemove,
      fill: (volume) => filler.begin(volume, fillBoundMs),
      leases,
      nodes,
      statics,
      hooks,
      id,
      nfs: () => ({
        address: served(world),
        port: settings.nfsPort,
        ...(settings.tls && { tls: true }),
      }),
    }),
    round,
    look,
    begin() {
      void repeat(roundEveryMs, round, life.signal, failed);
      void repeat(roundEveryMs, look, life.signal, failed);
      void repeat(staticEveryMs, () => statics.round(), life.signal, failed);
      void delay(firstHousekeepingMs, undefined, { signal: life.signal, ref: false }).then(
        () => repeat(housekeepEveryMs, tidy, life.signal, failed),
        () => undefined,
      );
    },
    async stop() {
      life.abort();
      leases.hush();
      await Promise.all([nodes.settled(), storage.close()]);
    },
  };
}

function damagedLease({ file, reason }: DamagedFile): string {
  return `the lease ${file} cannot be read (${reason}): its volume is given to nobody alone. Look at it, and delete it when the volume is not mounted on that node`;
}

/** Leases are the signs of use, and on the disk none is renewed: each would be a file, thousands of them every time. */
async function housekeep(storage: Storage, leases: Leases, by: NodeIdentity): Promise<void> {
  const held = leases.list().filter(({ state }) => state === "held");
  await storage.housekeep(by, [...new Set(held.map(({ volume }) => volume))]);
}

async function dropSign(storage: Storage, lease: LeaseRecord, log: Log): Promise<void> {
  try {
    const late = (): Error => new Error(`the storage did not answer within ${signBoundMs} ms`);
    const node = { id: lease.nodeId, name: lease.node };
    await bounded(storage.detach(lease.volume, node), signBoundMs, late);
  } catch (error) {
    log.debug({ volume: lease.volume, err: error }, "a sign of use stays until it lapses");
  }
}

function placeOf({ address, settings }: World): string | null {
  const at = address();
  if (at === null) return null;
  return at.includes(":") ? `[${at}]:${settings.controlPort}` : `${at}:${settings.controlPort}`;
}

function served({ address }: World): string {
  const at = address();
  if (at === null) {
    throw new UserError(
      "unavailable",
      "the storage node has no address to serve on at this moment. Its log says which interface it waits for",
    );
  }
  return at;
}
