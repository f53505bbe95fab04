import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { version } from "../../service/version.ts";
import { type ChannelName, channelNames } from "../exports/questions.ts";
import type { NfsdCounters } from "../kernel/counters.ts";
import type { LeaseEvents } from "../leases/lease-events.ts";
import type { Outcome } from "../self-test/outcome.ts";
import type { HealthReport } from "./health.ts";

const leaseStates = ["held", "silent", "fenced"] as const;
const selfTestStates = ["passed", "failed", "impossible", "outdated", "pending"] as const;
const nodeStates = ["live", "silent", "fenced", "revoked"] as const;

/** How much of its space a volume uses. */
export interface VolumeSpace {
  readonly name: string;
  readonly app: string;
  /** Bytes, as last counted; null: not counted yet. */
  readonly used: number | null;
  /** Bytes that it may hold; null: without a limit. */
  readonly size: number | null;
}

/** What is true at the moment of a scrape. Everything is in memory but the kernel's own counters. */
export interface MetricsSource {
  readonly leases: () => readonly { readonly state: (typeof leaseStates)[number] }[];
  readonly nodes: () => readonly { readonly state: (typeof nodeStates)[number] }[];
  /** How many volumes are shown to how many clients, each pair once. */
  readonly exports: () => number;
  readonly health: () => HealthReport;
  /** Bytes of the data disk as they were last seen; null: never. */
  readonly disk: () => { readonly total: number; readonly free: number } | null;
  /** Of all volumes, as they were last seen. */
  readonly volumes: () => readonly VolumeSpace[];
  /** When certificates end, milliseconds since 1970. */
  readonly certificates: () => { readonly authority: number; readonly server: number | null };
  /** What came of the server's attack on itself; null: there is none. */
  readonly selfTest: () => Outcome | null;
  /** May reject, as where there is no nfsd: then these are left out. */
  readonly kernel: () => Promise<NfsdCounters>;
}

/**
 * The server's numbers in Prometheus' text format. Labels have values of fixed lists, but for names of volumes and their
 * apps: of each volume there are two numbers.
 */
export class Metrics implements LeaseEvents {
  readonly #registry = new Registry();
  readonly #leases = this.#gauge(
    "swarmnfs_leases",
    "Leases, by how it stands with their nodes",
    "state",
  );
  readonly #exports = this.#gauge("swarmnfs_exports", "Volumes shown, once for each client");
  readonly #nodes = this.#gauge("swarmnfs_nodes", "Nodes that have joined, by state", "state");
  readonly #check = this.#gauge(
    "swarmnfs_check_state",
    "What the server needs: 0 ok, 1 degraded, 2 failed",
    "check",
  );
  readonly #state = this.#gauge("swarmnfs_server_state", "The whole: 0 ok, 1 degraded, 2 failed");
  readonly #selfTest = this.#gauge(
    "swarmnfs_self_test",
    "What came of the server's attack on itself: 1 for what it is",
    "state",
  );
  readonly #up = this.#gauge("swarmnfs_server_up", "Whether nodes are served");
  readonly #diskSize = this.#gauge("swarmnfs_disk_size_bytes", "Size of the data disk");
  readonly #diskFree = this.#gauge("swarmnfs_disk_free_bytes", "Space left on the data disk");
  readonly #used = this.#gauge(
    "swarmnfs_volume_used_bytes",
    "What the volume holds, as last counted",
    "volume",
    "app",
  );
  readonly #size = this.#gauge(
    "swarmnfs_volume_size_bytes",
    "What the volume may hold; absent: without a limit",
    "volume",
    "app",
  );
  readonly #certificate = this.#gauge(
    "swarmnfs_certificate_end_timestamp_seconds",
    "When the certificate of the storage node ends, and that of its authority, by which nodes know it",
    "certificate",
  );
  readonly #threads = this.#gauge("swarmnfs_nfsd_threads", "Threads of the kernel's NFS server");
  readonly #stale = this.#counter(
    "swarmnfs_stale_file_handles_total",
    "File handles that opened nothing: removed, revoked, or made by hand",
  );
  readonly #read = this.#counter("swarmnfs_nfs_read_bytes_total", "Bytes that NFS clients read");
  readonly #written = this.#counter(
    "swarmnfs_nfs_written_bytes_total",
    "Bytes that NFS clients wrote",
  );
  readonly #calls = this.#counter("swarmnfs_nfs_calls_total", "Calls to the kernel's NFS server");
  readonly #badCalls = this.#counter(
    "swarmnfs_nfs_bad_calls_total",
    "Calls that could not be understood or were not allowed in",
  );
  readonly #questions = this.#counter(
    "swarmnfs_kernel_questions_total",
    "Questions of the kernel who an address is and what it may have, by answer",
    "channel",
    "answer",
  );
  readonly #granted = this.#counter("swarmnfs_leases_granted_total", "Leases granted");
  readonly #ended = this.#counter("swarmnfs_leases_ended_total", "Leases that have ended");
  readonly #renewals = this.#counter("swarmnfs_lease_renewals_total", "Renewals by nodes");
  readonly #fences = this.#counter("swarmnfs_fences_total", "Nodes that were fenced");
  readonly #attach = new Histogram({
    name: "swarmnfs_attach_seconds",
    help: "From the question for a volume to its lease, or to the refusal",
    labelNames: ["outcome"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });

  constructor() {
    this.#gauge("swarmnfs_build_info", "The version that runs", "version").set({ version }, 1);
    // Series exist from the start: what was never counted is 0, and rate() sees its first step.
    for (const channel of channelNames)
      for (const answer of ["yes", "no"]) this.#questions.inc({ channel, answer }, 0);
  }

  /** The kernel asked, and was told yes or no. */
  asked(channel: ChannelName, yes: boolean): void {
    this.#questions.inc({ channel, answer: yes ? "yes" : "no" });
  }

  granted(): void {
    this.#granted.inc();
  }

  ended(): void {
    this.#ended.inc();
  }

  renewed(): void {
    this.#renewals.inc();
  }

  fenced(): void {
    this.#fences.inc();
  }

  /** A node asked for a volume, and had its answer after so many milliseconds. */
  attached(ms: number, outcome: "granted" | "refused" | "broken"): void {
    this.#attach.observe({ outcome }, ms / 1000);
  }

  /** Everything now, as `/metrics` says it. */
  async text(source: MetricsSource): Promise<string> {
    const { leases, nodes, exports, health, disk, selfTest, kernel } = source;
    this.#tellVolumes(source.volumes());
    this.#tellCertificates(source.certificates());
    count(this.#leases, leaseStates, leases());
    count(this.#nodes, nodeStates, nodes());
    this.#exports.set(exports());
    this.#tellHealth(health());
    const outcome = selfTest();
    if (outcome !== null) count(this.#selfTest, selfTestStates, [outcome]);
    const space = disk();
    if (space !== null) {
      this.#diskSize.set(space.total);
      this.#diskFree.set(space.free);
    }
    const counters = await kernel().catch(() => null);
    if (counters !== null) this.#tellKernel(counters);
    return this.#registry.metrics();
  }

  #tellVolumes(volumes: readonly VolumeSpace[]): void {
    // One that is gone is gone here as well.
    this.#used.reset();
    this.#size.reset();
    for (const { name: volume, app, used, size } of volumes) {
      if (used !== null) this.#used.set({ volume, app }, used);
      if (size !== null) this.#size.set({ volume, app }, size);
    }
  }

  #tellCertificates({ authority, server }: ReturnType<MetricsSource["certificates"]>): void {
    this.#certificate.set({ certificate: "authority" }, authority / 1000);
    if (server !== null) this.#certificate.set({ certificate: "server" }, server / 1000);
  }

  #tellHealth({ state, checks }: HealthReport): void {
    this.#state.set(levels[state]);
    this.#up.set(state === "failed" ? 0 : 1);
    for (const check of checks) this.#check.set({ check: check.name }, levels[check.state]);
  }

  /** The kernel counts for itself, from its own start: a module loaded anew begins at 0, as every counter may. */
  #tellKernel(counters: NfsdCounters): void {
    this.#threads.set(counters.threads);
    const told: readonly [Counter, number][] = [
      [this.#stale, counters.staleHandles],
      [this.#read, counters.readBytes],
      [this.#written, counters.writtenBytes],
      [this.#calls, counters.calls],
      [this.#badCalls, counters.badCalls],
    ];
    for (const [counter, value] of told) {
      counter.reset();
      counter.inc(value);
    }
  }

  #gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}

const levels = { ok: 0, degraded: 1, failed: 2 } as const;

function count<State extends string>(
  gauge: Gauge,
  states: readonly State[],
  things: readonly { readonly state: State }[],
): void {
  for (const state of states)
    gauge.set({ state }, things.filter((thing) => thing.state === state).length);
}
