import { isIPv6 } from "node:net";
import { bounded } from "../../service/bounded.ts";
import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import type { TlsIdentity } from "../../storage/tls/tlshd.ts";
import type { Outcome } from "./outcome.ts";
import type { OwnExports } from "./own-exports.ts";
import { isReachedPlainly, raid } from "./raid.ts";
import type { Way } from "./raw-nfs/connection.ts";
import { Session } from "./raw-nfs/session.ts";
import type { Scratch } from "./scratch.ts";

export interface SelfTestParts {
  readonly exports: Pick<OwnExports, "open" | "refuseOther" | "demandCertificate" | "close">;
  /** What to prove oneself with over TLS when calling from there; null: NFS is plain. */
  readonly identity?: (from: string) => Promise<TlsIdentity | null>;
  /** The two directories, made if they are missing. */
  readonly scratch: () => Promise<Scratch>;
  /** What tells a data disk, as it is mounted, from another; null: nothing is mounted. */
  readonly disk: () => Promise<string | null>;
  /** Where NFS is served now; null: nowhere. */
  readonly address: () => string | null;
  readonly port: number;
  /** By what the kernel keeps apps apart. */
  readonly mechanism: "subtree_check" | "sign_fh";
  /** Called when apps are not isolated: nothing may be served any more. */
  readonly stopServing: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests, that are not root and cannot have a reserved port. */
  readonly anyPort?: boolean;
  readonly boundMs?: number;
}

/** The whole takes some tenths of a second, and clients of a server that starts wait for it; the kernel gives up after 30 s. */
const usualBoundMs = 20_000;

/** How it calls itself. */
const name = "swarmnfs self-test";

/** Addresses that no node can have: only this machine itself calls from there. */
const callers = { ipv4: "127.78.70.83", ipv6: "::1" } as const;

/**
 * The server attacks itself: two directories of its own, one granted, and file handles made by hand for everything else on
 * the data disk. Whatever becomes of the machine meanwhile, nothing is left that opens anything: what the kernel is told is
 * about an address of this machine alone, and ends by itself.
 */
export class SelfTest {
  readonly #parts: SelfTestParts;
  #outcome: Outcome = { state: "pending" };
  #disk: string | null = null;
  #running: Promise<readonly string[]> | null = null;

  constructor(parts: SelfTestParts) {
    this.#parts = parts;
  }

  /** As of the last run. */
  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Throws `unavailable` when it is known that apps are not isolated. */
  demandIsolation(): void {
    if (this.#outcome.state !== "failed") return;
    throw new UserError(
      "unavailable",
      `the storage node serves nobody: its attack on itself at its start got through (${this.#outcome.what}), so that a node with one app could reach others. Its administrator sees more in its log, and should report it`,
    );
  }

  /** The same as {@link outcome}, unless another data disk has come since. Reads nothing from that disk. */
  async look(): Promise<Outcome> {
    if (this.#outcome.state === "passed" && (await this.#parts.disk()) !== this.#disk)
      this.#outcome = { state: "outdated" };
    return this.#outcome;
  }

  /** Runs it again if that may tell more than is known. Who failed stays so until the server is started again. */
  async again(): Promise<void> {
    if (this.#outcome.state === "impossible" || this.#outcome.state === "outdated")
      await this.run();
  }

  /** Runs it, within some seconds. Never throws. NFS must be served, not necessarily to anybody else. */
  async run(): Promise<Outcome> {
    const { clock, log, mechanism, stopServing, boundMs = usualBoundMs } = this.#parts;
    const begun = performance.now();
    const late = (): Error => new Error(`it did not end within ${boundMs / 1000} s`);
    const life = new AbortController();
    try {
      const disk = await bounded(this.#parts.disk(), boundMs, late);
      const reached = await bounded(this.#once(life.signal), boundMs, late);
      const at = rfc3339(clock.now());
      const ms = Math.round(performance.now() - begun);
      if (reached.length === 0) {
        this.#disk = disk;
        this.#outcome = { state: "passed", at, by: mechanism };
        log.info(
          { audit: "self-test", mechanism, ms },
          "apps are isolated: the attack on itself was refused",
        );
      } else {
        const what = reached.join(", ");
        this.#outcome = { state: "failed", at, what };
        log.fatal(
          { audit: "self-test", mechanism, reached },
          `apps are not isolated: the attack on itself reached ${what}. Nothing is served`,
        );
        await stopServing();
      }
    } catch (error) {
      if (this.#outcome.state !== "failed") {
        const why = messageOf(error);
        this.#outcome = { state: "impossible", at: rfc3339(clock.now()), why };
        log.warn(
          { audit: "self-test", err: error },
          "whether apps are isolated could not be tested",
        );
      } else log.error({ err: error }, "NFS could not be stopped");
    } finally {
      life.abort();
    }
    return this.#outcome;
  }

  /** Never two at a time: each takes away what the other has. */
  async #once(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#running !== null) throw new Error("the one before has not ended");
    this.#running = this.#attempt(signal);
    try {
      return await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async #attempt(signal: AbortSignal): Promise<readonly string[]> {
    const { exports, port, anyPort = false, boundMs = usualBoundMs } = this.#parts;
    const server = this.#parts.address();
    if (server === null) throw new Error("there is no address to serve on");
    const from = isIPv6(server) ? callers.ipv6 : callers.ipv4;
    const scratch = await this.#parts.scratch();
    try {
      await exports.open(from);
      const way: Way = { server, port, from, patience: boundMs, anyPort };
      const session = await Session.open(way, name);
      try {
        const reached = await raid(session, scratch, () => exports.refuseOther(), signal);
        const tls = await this.#parts.identity?.(from);
        if (!tls) return reached;
        exports.demandCertificate();
        const secure = (): Promise<Session> => Session.open({ ...way, tls }, name);
        const isOpen = await isReachedPlainly(session, secure, scratch, signal);
        return isOpen ? [...reached, "the granted directory, without a certificate"] : reached;
      } finally {
        await session.close().catch(() => undefined);
      }
    } finally {
      await exports.close(from);
    }
  }
}
