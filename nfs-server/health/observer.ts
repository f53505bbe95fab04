import type { Problem } from "../../service/notifier/incident.ts";
import { repeat } from "../../service/repeat.ts";
import type { Clock } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import type { Storage, StorageHealth } from "../../storage/storage.ts";
import type { Health as ShownHealth, Observations } from "../control/observations.ts";
import type { Operation, Operations } from "../control/operation.ts";
import type { KernelExports } from "../exports/kernel-exports.ts";
import type { PseudoRoot } from "../exports/pseudo-root.ts";
import type { NfsdCounters } from "../kernel/counters.ts";
import type { Nfsdcld } from "../kernel/nfsdcld.ts";
import type { NfsServer } from "../kernel/nfsd.ts";
import type { Firewall } from "../network/firewall.ts";
import type { ServerAddress } from "../network/server-address.ts";
import type { SelfTest } from "../self-test/self-test.ts";
import type { Server } from "../server.ts";
import { serverChecks, type Watched } from "./checks.ts";
import { Health } from "./health.ts";
import type { Metrics, MetricsSource, VolumeSpace } from "./metrics.ts";
import { problemsOf } from "./problems.ts";
import { placesOf } from "../exports/whole-storage.ts";
import { ShownVolumes } from "./shown-volumes.ts";

/** What is observed. */
export interface Observed {
  readonly server: Pick<Server, "leases" | "nodes" | "statics">;
  /** What has been counted since the start. */
  readonly metrics: Metrics;
  readonly storage: Storage;
  readonly address: Pick<ServerAddress, "look" | "whatIsMissing">;
  readonly nfsd: Pick<NfsServer, "state">;
  /** Makes the kernel's NFS server serve at this address, and tells it everything again if it forgot. */
  readonly serve: (address: string) => Promise<void>;
  readonly nfsdcld: Pick<Nfsdcld, "pid">;
  readonly root: Pick<PseudoRoot, "path" | "show" | "hide" | "doubt">;
  /** The data disk's directory, without symlinks. */
  readonly data: string;
  readonly exports: Pick<KernelExports, "tellAll" | "foreign">;
  readonly firewall: Pick<Firewall, "trouble" | "round"> | null;
  /** Null: there is none. */
  readonly selfTest: Pick<SelfTest, "outcome" | "look" | "again"> | null;
  /** /proc/self/mountinfo. */
  readonly mountinfo: () => Promise<string>;
  readonly counters: () => Promise<NfsdCounters>;
  readonly clock: Clock;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly log: Log;
}

const roundEveryMs = 15_000;
/** What is counted by walks is counted every few minutes. */
const volumesEveryMs = 60_000;
/** Somebody may flush the rules, and names may move. */
const firewallEveryMs = 60_000;

/** Watches over the server: its health, its numbers, and what it answers about them. */
export class Observer implements Observations {
  readonly checks: Health;
  readonly #source: MetricsSource;
  readonly #observed: Observed;
  #disk: StorageHealth | null = null;
  /** By the clock that never jumps; null: not yet. */
  #begunAt: number | null = null;
  #volumes: readonly VolumeSpace[] = [];

  constructor(observed: Observed) {
    this.#observed = observed;
    const { server, clock, log, counters } = observed;
    const { leases, nodes, statics } = server;
    this.checks = new Health(serverChecks(this.#watched()), clock, log);
    this.#source = {
      leases: () => leases.list(),
      nodes: () => nodes.list(),
      exports: () =>
        leases.list().filter(({ state }) => state !== "fenced").length + statics.list().length,
      health: () => this.checks.report(),
      disk: () => this.#disk,
      volumes: () => this.#volumes,
      certificates: () => {
        const { until, serverUntil } = nodes.authority;
        return { authority: until, server: serverUntil };
      },
      selfTest: () => observed.selfTest?.outcome ?? null,
      kernel: counters,
    };
  }

  /** Rounds from now on, until the signal aborts. */
  begin(signal: AbortSignal): void {
    const { log, firewall, address, monotonic } = this.#observed;
    this.#begunAt = monotonic();
    const failed = (error: unknown): void => log.error({ err: error }, "a round failed");
    void repeat(roundEveryMs, () => this.checks.round(), signal, failed);
    // That the disk cannot be asked is the checks' to say.
    const silent = (error: unknown): void => log.debug({ err: error }, "volumes are not known");
    void repeat(volumesEveryMs, () => this.lookAtVolumes(), signal, silent);
    if (firewall === null) return;
    const putUp = async (): Promise<void> => {
      const there = address.look();
      if (there !== null) await firewall.round(there);
    };
    void repeat(firewallEveryMs, putUp, signal, failed);
  }

  /** Takes note of what volumes hold, as it happens every minute: a scrape asks nothing. */
  async lookAtVolumes(): Promise<void> {
    const { volumes, usage } = await this.#observed.storage.list();
    this.#volumes = volumes
      .filter(({ root }) => !root)
      .map(({ name, app, size }) => ({ name, app, size, used: usage[name]?.bytes ?? null }));
  }

  async health(): Promise<ShownHealth> {
    const { selfTest, server } = this.#observed;
    const isolation = selfTest === null ? {} : { selfTest: selfTest.outcome };
    return { ...this.checks.report(), ...isolation, hosts: server.statics.notes };
  }

  /** What people should be told of now. */
  problems(): Problem[] {
    const { server, clock, monotonic } = this.#observed;
    return problemsOf({
      report: this.checks.report(),
      disk: this.#disk,
      nodes: server.nodes.list(),
      heardForMs: this.#begunAt === null ? 0 : monotonic() - this.#begunAt,
      now: clock.now(),
    });
  }

  metrics(): Promise<string> {
    return this.#observed.metrics.text(this.#source);
  }

  /** The same operations, with what nodes do most counted and timed. */
  measure(operations: Operations): Operations {
    const { attach, renew } = operations;
    const { monotonic, metrics } = this.#observed;
    const measured: Operation<"attach"> = async (call) => {
      const begun = monotonic();
      try {
        const answer = await attach(call);
        metrics.attached(monotonic() - begun, "granted");
        return answer;
      } catch (error) {
        const outcome = error instanceof UserError ? "refused" : "broken";
        metrics.attached(monotonic() - begun, outcome);
        throw error;
      }
    };
    return {
      ...operations,
      attach: measured,
      renew: (call) => {
        metrics.renewed();
        return renew(call);
      },
    };
  }

  #watched(): Watched {
    const { server, storage, nfsd, serve, nfsdcld, root, exports, mountinfo } = this.#observed;
    const shown = new ShownVolumes({
      root,
      data: this.#observed.data,
      mountinfo,
      tell: () => exports.tellAll(),
      wanted: () => [
        ...server.leases
          .list()
          .filter(({ state }) => state !== "fenced")
          .flatMap(placesOf),
        ...server.statics.list(),
      ],
    });
    return {
      ...this.#observed,
      nfsd: {
        read: async () => {
          const { threads, listeners } = await nfsd.state();
          return { threads, listening: listeners.map(({ address }) => address) };
        },
        start: serve,
      },
      tracker: {
        isRunning: async () => (await nfsdcld.pid()) !== null,
      },
      exports: {
        missing: () => shown.missing(),
        foreign: () => exports.foreign().map(({ path, client }) => `${path} to ${client}`),
        restore: async () => {
          await shown.restore();
          // It holds on to the mounts of before until it is told where they are now.
          await exports.tellAll();
        },
      },
      storage: {
        get trouble() {
          return storage.trouble ?? null;
        },
        health: async () => {
          this.#disk = await storage.health();
          return this.#disk;
        },
      },
      latest: latestOf(server),
    };
  }
}

/** The latest moment that the data disk knows of, RFC 3339: a clock that says less was put back while we were away. */
function latestOf({ leases, nodes }: Observed["server"]): string | null {
  const moments = [
    ...leases.list().map(({ grantedAt }) => grantedAt),
    ...nodes.list().map(({ enrolledAt, seenAt }) => seenAt ?? enrolledAt),
  ];
  // All of one form, so that the order of letters is that of time.
  return moments.toSorted((a, b) => a.localeCompare(b)).at(-1) ?? null;
}
