import { parseSize } from "../../../service/size.ts";
import { UserError } from "../../../service/user-error.ts";
import { systemPacing, type Pacing } from "../webdav/endurance.ts";
import type { Throttle } from "./exchange.ts";

/** Bytes a second at each time of the day; null is no limit. */
export interface LimitPlan {
  /** Minutes of the day, `from` counted and `to` not; a span over midnight has `to` before `from`. */
  readonly spans: readonly {
    readonly from: number;
    readonly to: number;
    readonly rate: number | null;
  }[];
  readonly otherwise: number | null;
}

/**
 * `2M`: two mebibytes a second. `08:00-18:00=2M, 10M`: so much by day, and ten otherwise; `off` is no limit, which also holds
 * for times that nothing was said of. The first span that fits counts. Throws `UserError` (invalid).
 */
export function parseLimit(text: string): LimitPlan {
  const spans: { from: number; to: number; rate: number | null }[] = [];
  let otherwise: number | null = null;
  for (const part of text.split(",").map((word) => word.trim())) {
    if (part === "") continue;
    const match = /^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*=\s*(\S+)$/.exec(part);
    if (match === null) {
      otherwise = rateOf(part);
      continue;
    }
    const [, a = "", b = "", c = "", d = "", rate = ""] = match;
    spans.push({ from: minuteOf(a, b), to: minuteOf(c, d), rate: rateOf(rate) });
  }
  return { spans, otherwise };
}

/** The limit at a time of the day, in minutes. */
export function limitAt(plan: LimitPlan, minute: number): number | null {
  const span = plan.spans.find(({ from, to }) =>
    from < to ? minute >= from && minute < to : minute >= from || minute < to,
  );
  return span === undefined ? plan.otherwise : span.rate;
}

function rateOf(word: string): number | null {
  return word.toLowerCase() === "off" ? null : parseSize(word.replace(/\/s$/i, ""));
}

function minuteOf(hours: string, minutes: string): number {
  const [hour, minute] = [Number(hours), Number(minutes)];
  if (hour > 24 || minute > 59 || hour * 60 + minute > 1440)
    throw new UserError(
      "invalid",
      `"${hours}:${minutes}" is no time of the day: write 00:00 to 24:00, like 08:00-18:00=2M`,
    );
  return (hour * 60 + minute) % 1440;
}

/** A limit that all transfers of one direction share, and that may change while they run. */
export class Bandwidth implements Throttle {
  readonly #plan: LimitPlan;
  readonly #pacing: Pacing;
  readonly #minuteNow: () => number;
  /** When what was let through so far has gone, at the limit. */
  #paidUntil = 0;

  /** `minuteNow`: the time of the day in the time zone of the machine. */
  constructor(
    plan: LimitPlan,
    pacing: Pacing = systemPacing,
    minuteNow: () => number = localMinute,
  ) {
    this.#plan = plan;
    this.#pacing = pacing;
    this.#minuteNow = minuteNow;
  }

  /** Resolves when so many more bytes may go. A second's worth may go at once after a pause. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const limit = limitAt(this.#plan, this.#minuteNow());
    if (limit === null) return;
    const now = this.#pacing.now();
    this.#paidUntil = Math.max(this.#paidUntil, now - 1000) + (bytes / limit) * 1000;
    if (this.#paidUntil > now) await this.#pacing.sleep(this.#paidUntil - now, signal);
  }
}

function localMinute(): number {
  const now = new Date();
  return now.getHours() * 60 + now.getMinutes();
}
