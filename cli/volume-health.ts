import type { VolumeStatus, VolumeView } from "../storage/verbs.ts";
import type { Call } from "./call.ts";
import { byName } from "./by-name.ts";
import type { Part, Tone } from "./terminal.ts";

/** A volume that nobody mounted for so long is worth a look: it may have been forgotten. */
const forgottenMs = 30 * 24 * 60 * 60 * 1000;

const tones: Record<VolumeStatus["health"], Tone> = {
  ok: "fine",
  "nearly-full": "look",
  unreachable: "act",
  "read-only": "act",
  full: "act",
  damaged: "act",
};

/** A word that a newer plugin may have is at least worth a look. */
export function toneOf({ status }: VolumeView): Tone {
  return Object.hasOwn(tones, status.health) ? tones[status.health] : "look";
}

/** `ok`, `nearly full`, `unused for 41 d`, `unreachable: storage1 does not answer`. */
export function healthPart(view: VolumeView, call: Call): Part {
  const { health, reason, state, since, mountedOn } = view.status;
  const tone = toneOf(view);
  if (tone === "act") return { text: reason === undefined ? health : `${health}: ${reason}`, tone };
  if (tone === "look") return { text: health.replace("-", " "), tone };
  if (!["mounted", "idle", "ready"].includes(state)) return { text: state, tone: "look" };
  // The state is this node's; another may have it mounted.
  const isIdle = state === "idle" && mountedOn.length === 0 && view.uses.length === 0;
  if (isIdle && isSinceKnown(view) && call.moments.span(since) >= forgottenMs) {
    return { text: `unused ${call.moments.since(since)}`, tone: "look" };
  }
  return { text: "ok", tone };
}

/**
 * A plugin that does not know when a volume was used last says that it is as it is since it was created. That must not
 * be shown as "unused for": somebody might throw away what was in use an hour ago.
 */
export function isSinceKnown({ record, status }: VolumeView): boolean {
  return status.since !== record.createdAt;
}

/** Those that need somebody first, then by name. */
export function problemsFirst(a: VolumeView, b: VolumeView): number {
  return rank(a) - rank(b) || byName(a.record.name, b.record.name);
}

function rank(view: VolumeView): number {
  return toneOf(view) === "act" ? 0 : 1;
}
