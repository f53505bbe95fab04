import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { version } from "../../service/version.ts";
import type { StorageHealth, Trouble } from "../../storage/storage.ts";
import type { LeaseStanding } from "../../storage/storage-server.ts";
import type { FailingMount, MountOutcome } from "../mount-attempts.ts";
import { operationKinds, type VolumeTraffic } from "./volume-traffic.ts";

const storageStates = ["ok", "nearly-full", "read-only", "full"] as const;
const guardStates = ["off", "resting", "standing", "failed"] as const;
const wasteKinds = ["container", "image", "volume", "build-cache", "trash"] as const;
const outcomes = ["mounted", "refused", "failed"] as const;

/** A volume that is mounted on this node. */
export interface MountedVolume {
  readonly name: string;
  readonly app: string;
  /** How many containers hold it, by the mount table. */
  readonly holders: number;
  /** Bytes, as last counted; null: not known. */
  readonly used: number | null;
  /** Bytes that it may hold; null: without a limit. */
  readonly size: number | null;
}

/** What is true of this node at the moment of a scrape. All of it is known without asking the storage or the engine. */
export interface PluginView {
  /** How many volumes the storage has, as far as this node may know. */
  readonly volumes: number;
  readonly mounted: readonly MountedVolume[];
  readonly failing: ReadonlyMap<string, FailingMount>;
  readonly trouble: Trouble | null;
  /** As it was when it was last looked at; null: never. */
  readonly health: StorageHealth | null;
  readonly guard: {
    readonly condition: (typeof guardStates)[number];
    readonly restored: number;
  };
  /** Null where nodes do not join their storage. */
  readonly membership: {
    /** Milliseconds since 1970; null before this node has joined. */
    readonly certifiedUntil: number | null;
    /** Milliseconds; null: it never answered. */
    readonly aheadMs: number | null;
    readonly leases: LeaseStanding | null;
  } | null;
  readonly traffic: readonly VolumeTraffic[];
  /** Connections of NFS to servers. */
  readonly connections: number;
}

/**
 * This node's numbers in Prometheus' text format. Volumes in labels are those that are mounted here, and those that lately
 * could not be: so they are as few as these.
 */
export class PluginMetrics {
  readonly #lasting = new Registry();
  readonly #mounts = new Histogram({
    name: "swarmnfs_plugin_mount_seconds",
    help: "From the question for a volume that was not mounted to its mount, or to the end of that",
    labelNames: ["outcome"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16],
    registers: [this.#lasting],
  });

  readonly #cleaned = new Counter({
    name: "swarmnfs_plugin_cleaned_total",
    help: "What was removed by SWARMNFS_CLEAN",
    labelNames: ["kind"],
    registers: [this.#lasting],
  });
  readonly #cleanedBytes = new Counter({
    name: "swarmnfs_plugin_cleaned_bytes_total",
    help: "How much that was, as far as it is known",
    labelNames: ["kind"],
    registers: [this.#lasting],
  });

  constructor() {
    // Series exist from the start, so that rate() sees their first step.
    for (const outcome of outcomes) this.#mounts.zero({ outcome });
    for (const kind of wasteKinds) this.cleaned(kind, 0, 0);
  }

  /** Something of that kind was cleaned up, which held so many bytes. */
  cleaned(kind: string, bytes: number, count = 1): void {
    this.#cleaned.inc({ kind }, count);
    this.#cleanedBytes.inc({ kind }, bytes);
  }

  /** A mount was tried, which took so many milliseconds. */
  mounted(ms: number, outcome: MountOutcome): void {
    this.#mounts.observe({ outcome }, ms / 1000);
  }

  /** Everything now, as `/metrics` says it. */
  async text(view: PluginView): Promise<string> {
    const registry = new Registry();
    const page = new Page(registry);
    tellStorage(page, view);
    tellNode(page, view);
    tellVolumes(page, view);
    for (const traffic of view.traffic) tellTraffic(page, traffic);
    return `${await this.#lasting.metrics()}\n${await registry.metrics()}`;
  }
}

function tellStorage(page: Page, { trouble, health, membership }: PluginView): void {
  page.gauge("plugin_storage_up", "Whether the storage can be used", trouble === null ? 1 : 0);
  page.gauge(
    "plugin_storage_trouble_timestamp_seconds",
    "Since when the storage cannot be used; absent while it can",
    trouble === null ? null : Date.parse(trouble.since) / 1000,
  );
  const state = "What the storage was when it last answered: 1 for what it is";
  for (const each of storageStates)
    page.gauge("plugin_storage_state", state, is(health?.state === each), { state: each });
  page.gauge("plugin_storage_size_bytes", "Size of the storage", health?.total ?? null);
  page.gauge("plugin_storage_free_bytes", "Space left on the storage", health?.free ?? null);
  if (membership === null) return;
  const { certifiedUntil, aheadMs, leases } = membership;
  page.gauge(
    "plugin_certificate_end_timestamp_seconds",
    "When the certificate ends by which the storage node knows this node",
    certifiedUntil === null ? null : certifiedUntil / 1000,
  );
  page.gauge(
    "plugin_server_clock_ahead_seconds",
    "By how much the storage node's clock is ahead of this node's",
    aheadMs === null ? null : aheadMs / 1000,
  );
  page.gauge(
    "plugin_fenced",
    "Whether the storage node has shut this node out",
    leases === null ? null : is(leases.fenced),
  );
  for (const each of ["held", "lost", "owed"] as const)
    page.gauge("plugin_leases", "Leases of this node, as it knows them", leases?.[each] ?? null, {
      state: each,
    });
}

function tellNode(page: Page, { volumes, mounted, guard, connections }: PluginView): void {
  page.gauge("plugin_build_info", "The version that runs", 1, { version });
  page.gauge("plugin_volumes", "Volumes that this node knows of", volumes);
  page.gauge("plugin_volumes_mounted", "Volumes that are mounted here", mounted.length);
  page.gauge("plugin_nfs_connections", "Connections of volumes to NFS servers", connections);
  for (const state of guardStates)
    page.gauge(
      "plugin_guard",
      "How it stands with the guard: 1 for what it is",
      is(guard.condition === state),
      { state },
    );
  page.counter(
    "plugin_guard_restored_total",
    "How often the guard was found gone or changed, and put back",
    guard.restored,
  );
}

function tellVolumes(page: Page, { mounted, failing }: PluginView): void {
  for (const { name: volume, app, holders, used, size } of mounted) {
    page.gauge("volume_holders", "Containers of this node that hold the volume", holders, {
      volume,
    });
    page.gauge("volume_used_bytes", "What the volume holds, as last counted", used, {
      volume,
      app,
    });
    page.gauge("volume_size_bytes", "What the volume may hold; absent: without a limit", size, {
      volume,
      app,
    });
  }
  for (const [volume, { times }] of failing)
    page.gauge(
      "volume_mount_failures",
      "How often in a row the volume could not be mounted here; gone when it can, or when nobody tries for an hour",
      times,
      { volume },
    );
}

function tellTraffic(page: Page, { volume, bytes, kinds }: VolumeTraffic): void {
  page.counter("volume_read_bytes_total", "Bytes that came from the server", bytes.fromServer, {
    volume,
  });
  page.counter("volume_written_bytes_total", "Bytes that went to the server", bytes.toServer, {
    volume,
  });
  const asked = [
    ["read", "no", bytes.read],
    ["write", "no", bytes.written],
    ["read", "yes", bytes.directRead],
    ["write", "yes", bytes.directWritten],
  ] as const;
  for (const [operation, direct, value] of asked)
    page.counter(
      "volume_program_bytes_total",
      "Bytes that programs read and wrote, by whether they asked for no cache (O_DIRECT)",
      value,
      { volume, operation, direct },
    );
  for (const operation of operationKinds) {
    const { count, retransmissions, timeouts, errors, ...times } = kinds[operation];
    const labels = { volume, operation };
    page.counter("volume_operations_total", "Operations of NFS that have ended", count, labels);
    page.counter(
      "volume_operation_errors_total",
      "Those that ended with an error, which may be as meant (no such file); Linux 5.3 and later",
      errors,
      labels,
    );
    page.counter(
      "volume_retransmissions_total",
      "Operations that were sent once more",
      retransmissions,
      labels,
    );
    page.counter(
      "volume_timeouts_total",
      "How often the server did not answer an operation for minutes, by timeo and retrans",
      timeouts,
      labels,
    );
    page.counter(
      "volume_queue_seconds_total",
      "Waiting on this node before they were sent",
      times.queueMs / 1000,
      labels,
    );
    page.counter(
      "volume_response_seconds_total",
      "From when they were sent to the server's answer",
      times.rttMs / 1000,
      labels,
    );
    page.counter(
      "volume_operation_seconds_total",
      "All that they took, from the kernel's point of view",
      times.executeMs / 1000,
      labels,
    );
  }
}

type Labels = Readonly<Record<string, string>>;

/** One scrape's numbers. What is null is left out. */
class Page {
  readonly #registry: Registry;
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  gauge(what: string, help: string, value: number | null, labels: Labels = {}): void {
    if (value === null) return;
    const made = this.#gauges.get(what) ?? new Gauge(this.#like(what, help, labels));
    this.#gauges.set(what, made);
    made.set(labels, value);
  }

  /** `value` is counted by somebody else, from a start of its own. */
  counter(what: string, help: string, value: number | null, labels: Labels = {}): void {
    if (value === null) return;
    const made = this.#counters.get(what) ?? new Counter(this.#like(what, help, labels));
    this.#counters.set(what, made);
    made.inc(labels, value);
  }

  #like(what: string, help: string, labels: Labels) {
    return {
      name: `swarmnfs_${what}`,
      help,
      labelNames: Object.keys(labels),
      registers: [this.#registry],
    };
  }
}

function is(condition: boolean): 0 | 1 {
  return condition ? 1 : 0;
}
