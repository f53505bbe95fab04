import { formatSize } from "../../../service/size.ts";
import { connect, type Connected, type TargetSettings } from "./connect.ts";
import type { EnduranceSettings } from "../webdav/endurance.ts";
import { RemoteFailure } from "../failure.ts";
import type { Profile } from "./profile.ts";

/** One line of what `swarmnfs backup check-target` says. */
export interface TargetFinding {
  readonly state: "ok" | "warning" | "problem";
  readonly text: string;
}

/** The smallest packs that are made unless PACK_SIZE says otherwise are up to 18 MB large. */
const pack = 20 * 1024 * 1024;
const clockTolerance = 60_000;

/** Nothing is waited for: whoever asks wants to know how it is now. */
const impatient: EnduranceSettings = {
  outageMs: 0,
  lockedMs: 0,
  doubtMs: 0,
  firstWaitMs: 0,
  longestWaitMs: 0,
};

/**
 * Tries each address of the backup server by itself and says what it found. Makes our folder where there is none yet; `known`
 * as at connect.
 */
export async function checkTarget(
  settings: TargetSettings,
  known: string | null,
): Promise<readonly TargetFinding[]> {
  const findings: TargetFinding[] = [];
  let id = known;
  for (const address of await settings.addresses()) {
    const one: TargetSettings = {
      ...settings,
      addresses: () => Promise.resolve([address]),
      endurance: impatient,
    };
    try {
      const begin = performance.now();
      const connected = await connect(one, { known: id, mayWrite: true, largestBody: pack });
      const took = performance.now() - begin;
      id ??= connected.marker?.id ?? null;
      findings.push({
        state: "ok",
        text: `${address.href} answers; our folder is ${connected.location} (tried out in ${Math.round(took)} ms)`,
      });
      findings.push(...abilities(connected.remote.profile), await space(connected));
    } catch (error) {
      if (!(error instanceof RemoteFailure)) throw error;
      findings.push({ state: "problem", text: `${address.href}: ${error.message}` });
    }
  }
  return findings;
}

function abilities(profile: Profile): TargetFinding[] {
  const { move, ranges, largestBody, clockOffsetMs, server } = profile;
  return [
    move
      ? {
          state: "ok",
          text: `Files appear whole or not at all (MOVE)${server === null ? "" : `; it is ${server}`}`,
        }
      : {
          state: "warning",
          text: "It cannot move files: they are written under their final name, and an upload that is cut off leaves half a file until the next run replaces it",
        },
    ranges
      ? { state: "ok", text: "Parts of files can be read" }
      : {
          state: "warning",
          text: "It gives no parts of files: restoring single files reads much more than it needs",
        },
    ...(largestBody === null || largestBody >= pack
      ? []
      : [
          {
            state: "problem" as const,
            text: `It takes files of ${formatSize(largestBody)} at most, and packs are larger: raise its limit (nginx: client_max_body_size 128M), or set PACK_SIZE to less than that`,
          },
        ]),
    clockFinding(clockOffsetMs),
  ];
}

function clockFinding(offsetMs: number | null): TargetFinding {
  if (offsetMs === null) return { state: "warning", text: "It does not say what time it is" };
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  return Math.abs(offsetMs) <= clockTolerance
    ? { state: "ok", text: `Its clock and ours agree (${seconds} s apart)` }
    : {
        state: "warning",
        text: `Its clock is ${seconds} s ${offsetMs > 0 ? "ahead of" : "behind"} ours: nothing is removed from the history while clocks disagree`,
      };
}

async function space({ remote }: Connected): Promise<TargetFinding> {
  const free = await remote.free();
  if (free === null) return { state: "ok", text: "It does not say how much space is left" };
  return { state: free < 10 * pack ? "warning" : "ok", text: `${formatSize(free)} are left` };
}
