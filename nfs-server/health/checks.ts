import type { Clock } from "../../service/clock.ts";
import type { Storage } from "../../storage/storage.ts";
import type { SelfTest } from "../self-test/self-test.ts";
import {
  addressVerdict,
  type ClockReading,
  clockVerdict,
  diskVerdict,
  exportsVerdict,
  firewallVerdict,
  isolationVerdict,
  nfsdVerdict,
  type NfsdReading,
  trackerVerdict,
} from "./verdicts.ts";
import { type Check, well } from "./verdict.ts";

/** What the checks read of the server's world, and how it is mended. Everything may reject. */
export interface Watched {
  /** The address to be served as it is there now; null: it is not. */
  readonly address: { look(): string | null; whatIsMissing(): string };
  readonly nfsd: { read(): Promise<NfsdReading>; start(address: string): Promise<void> };
  /** nfsdcld, which is started again by whoever started it. */
  readonly tracker: { isRunning(): Promise<boolean> };
  /** Volumes that are granted, and whether they are where clients are shown them. */
  readonly exports: {
    missing(): Promise<readonly string[]>;
    /** What the kernel shows and we never granted, as `/srv to 10.0.0.9`. */
    foreign(): readonly string[];
    restore(): Promise<void>;
  };
  readonly storage: Pick<Storage, "health" | "trouble">;
  /** Null: switched off. */
  readonly firewall: { readonly trouble: string | null } | null;
  /** Null: there is none. */
  readonly selfTest: Pick<SelfTest, "outcome" | "look" | "again"> | null;
  readonly clock: Clock;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** The latest moment that this server has written down before it started, RFC 3339; null: none. */
  readonly latest: string | null;
}

/** A jump of the clock is told for so long, in milliseconds. */
const jumpToldMs = 600_000;

/** Everything that the server needs to serve, in the order in which people should read it. */
export function serverChecks(watched: Watched): readonly Check[] {
  const { address, nfsd, tracker, exports, storage, firewall, selfTest } = watched;
  return [
    {
      name: "address",
      look: async () => addressVerdict(address.look(), address.whatIsMissing()),
    },
    {
      name: "nfsd",
      look: async () => {
        // It is stopped on purpose, and the check of the isolation says so.
        if (selfTest?.outcome.state === "failed") return well;
        return nfsdVerdict(await nfsd.read(), address.look());
      },
      repair: async () => {
        const wanted = address.look();
        if (wanted !== null) await nfsd.start(wanted);
      },
    },
    {
      name: "nfsdcld",
      look: async () => trackerVerdict(await tracker.isRunning()),
    },
    {
      name: "exports",
      look: async () => exportsVerdict(await exports.missing(), exports.foreign()),
      repair: () => exports.restore(),
    },
    {
      name: "disk",
      look: async () => {
        // A disk that hangs is known by its trouble, and not asked again and again.
        const { trouble = null } = storage;
        return diskVerdict(trouble === null ? await storage.health() : null, trouble);
      },
    },
    clockCheck(watched),
    ...(firewall === null
      ? []
      : [
          {
            name: "firewall",
            look: async () => firewallVerdict(firewall.trouble),
          },
        ]),
    ...(selfTest === null
      ? []
      : [
          {
            name: "isolation",
            look: async () => isolationVerdict(await selfTest.look()),
            repair: () => selfTest.again(),
          },
        ]),
  ];
}

function clockCheck({ clock, monotonic, latest }: Watched): Check {
  const read = (): ClockReading => ({ wall: clock.now(), monotonic: monotonic() });
  let before = read();
  return {
    name: "clock",
    look: async () => {
      const now = read();
      const verdict = clockVerdict(now, before, latest);
      // Small corrections add up over months, and are none of our business; a jump stays told for a while.
      if (verdict.state === "ok" || now.monotonic - before.monotonic > jumpToldMs) before = now;
      return verdict;
    },
  };
}
