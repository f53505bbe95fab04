import { formatDuration } from "../../service/age.ts";
import { formatSize } from "../../service/size.ts";
import type { StorageHealth, Trouble } from "../../storage/storage.ts";
import type { Outcome } from "../self-test/outcome.ts";
import { degraded, failed, type Verdict, well } from "./verdict.ts";

/** Pure: what is read of the machine, and what it means. */

export interface NfsdReading {
  readonly threads: number;
  /** Addresses on which it listens. */
  readonly listening: readonly string[];
}

/** `wanted` is the address to be served, null while there is none. */
export function nfsdVerdict(reading: NfsdReading, wanted: string | null): Verdict {
  if (wanted === null) return well; // that is what the check of the address says
  if (reading.threads === 0)
    return failed("the kernel's NFS server is stopped. It is started again by itself");
  if (reading.listening.includes(wanted)) return well;
  return failed(
    `the kernel's NFS server listens on ${reading.listening.join(", ") || "no address"}, and not on ${wanted}. It is started again by itself`,
  );
}

/** nfsdcld remembers which clients may reclaim their locks after a restart. */
export function trackerVerdict(isRunning: boolean): Verdict {
  return isRunning
    ? well
    : degraded(
        "nfsdcld does not run: after a restart of the server clients would lose their locks. It is started again by itself",
      );
}

/**
 * `missing`: volumes that somebody may have and that are not where the kernel shows them. `foreign`: what it shows to
 * whom although we never said so.
 */
export function exportsVerdict(missing: readonly string[], foreign: readonly string[]): Verdict {
  if (foreign.length > 0)
    return degraded(
      `the kernel shows ${some(foreign)}, which this server never granted: somebody else exports by the same kernel, and may open what is closed here. On the machine itself: exportfs -v, and systemctl disable --now nfs-server`,
    );
  if (missing.length === 0) return well;
  return degraded(
    `${some(missing)} cannot be reached: somebody unmounted what clients are shown. It is mounted again by itself`,
  );
}

/** `there`: the address to be served as it is now; `missing`: in words, what there is instead. */
export function addressVerdict(there: string | null, missing: string): Verdict {
  return there === null ? failed(missing) : well;
}

export function firewallVerdict(trouble: string | null): Verdict {
  return trouble === null ? well : degraded(trouble);
}

const full = 0.9;
const nearlyFull = 0.8;

/** `trouble`: why the data disk cannot be asked at all. */
export function diskVerdict(health: StorageHealth | null, trouble: Trouble | null): Verdict {
  if (trouble !== null) return failed(`the data disk: ${trouble.reason} (since ${trouble.since})`);
  if (health === null) return well;
  const { state, total, free, notes } = health;
  const space = `${formatSize(free)} of ${formatSize(total)} free`;
  if (state === "read-only")
    return failed(
      "the data disk is mounted read-only: nothing can be written to any volume. Look at the kernel's log (dmesg) for what happened to the disk",
    );
  if (state === "full")
    return failed(
      `the data disk is full (${space}): nothing can be written to any volume. Empty the trash (swarmnfs trash purge), or make the disk larger`,
    );
  const used = total === 0 ? 0 : 1 - free / total;
  if (used >= full)
    return degraded(
      `the data disk is ${percent(used)} full, ${space}. It is high time: empty the trash (swarmnfs trash purge), or make the disk larger`,
    );
  if (used >= nearlyFull) return degraded(`the data disk is ${percent(used)} full, ${space}`);
  return state === "nearly-full" ? degraded(`the data disk: ${notes.join("; ")}`) : well;
}

/** Two clocks, in milliseconds: that of the wall, and one that never jumps. */
export interface ClockReading {
  readonly wall: number;
  readonly monotonic: number;
}

/** No machine that runs this can be at a moment before; certificates would not be valid yet. */
const built = Date.parse("2026-01-01T00:00:00Z");
/** NTP corrects a clock by less than this between two looks, unless it was far off. */
const jumpMs = 5000;

/** `before` is an earlier reading; `latest` the latest moment that this server has written down, RFC 3339, or null. */
export function clockVerdict(
  now: ClockReading,
  before: ClockReading,
  latest: string | null,
): Verdict {
  const at = new Date(now.wall).toISOString().slice(0, 19);
  const advice = "Set it, and have it kept by chrony or systemd-timesyncd (timedatectl)";
  if (now.wall < built)
    return failed(`this machine's clock says ${at}Z, which is long over. ${advice}`);
  if (latest !== null && Date.parse(latest) > now.wall + 60_000)
    return degraded(
      `this machine's clock says ${at}Z, and it was ${latest} here already. ${advice}`,
    );
  const jump = now.wall - before.wall - (now.monotonic - before.monotonic);
  if (Math.abs(jump) < jumpMs) return well;
  return degraded(
    `this machine's clock was put ${jump > 0 ? "forward" : "back"} by ${formatDuration(Math.abs(jump))}. If that was not on purpose: ${advice.toLowerCase()}`,
  );
}

/** `test`: what came of the server's attack on itself. */
export function isolationVerdict(test: Outcome): Verdict {
  switch (test.state) {
    case "passed":
    case "pending":
      return well;
    case "failed":
      return failed(
        `apps are not isolated from each other: the server's attack on itself reached ${test.what}. A node that is granted one app could reach others, so nothing is served. Report it, with the version of the kernel (uname -r); it is tested again when the server starts`,
      );
    case "impossible":
      return degraded(
        `whether apps are isolated from each other could not be tested: ${test.why}. It is tried again by itself`,
      );
    case "outdated":
      return degraded("another data disk is there: whether apps are isolated on it is tested now");
  }
}

function some(names: readonly string[]): string {
  const more = names.length - 3;
  return more > 0 ? `${names.slice(0, 3).join(", ")} and ${more} more` : names.join(", ");
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
