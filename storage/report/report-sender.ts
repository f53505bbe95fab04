import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import type { Channel } from "../../service/notifier/channel.ts";
import { deliver } from "../../service/notifier/delivery.ts";
import type { ReportTurn } from "../records/report-turn.ts";
import type { Schedule } from "../rules/schedule.ts";
import type { NodeIdentity, Storage } from "../storage.ts";
import { reportMessage } from "./message.ts";
import type { Report } from "./report.ts";
import { arrived, turnStep } from "./turn.ts";

export interface ReportSenderParts {
  readonly schedule: Schedule;
  /** Where it is remembered how far the reports are: both methods are there. */
  readonly storage: Required<Pick<Storage, "reportTurn" | "putReportTurn">>;
  readonly by: NodeIdentity;
  readonly channels: readonly Channel[];
  readonly report: () => Promise<Report>;
  /** Who tells: `plugin on node2`. */
  readonly from: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Sends people a report on a schedule, once however many nodes are asked to. Who is killed in the moment between a message and
 * writing down that it arrived sends that one again; nothing is lost.
 */
export class ReportSender {
  readonly #parts: ReportSenderParts;
  #lookAt = -Infinity;
  #lookedAt = -Infinity;

  constructor(parts: ReportSenderParts) {
    this.#parts = parts;
  }

  /** To be called every minute. Rejects when the storage or the report cannot be had; what is due is not lost by it. */
  async round(): Promise<void> {
    const { schedule, storage, by, channels, clock, log } = this.#parts;
    const now = clock.now();
    // A clock that was put back must not keep anything waiting.
    if (now < this.#lookAt && now >= this.#lookedAt) return;
    const names = channels.map(({ name }) => name);
    const world = { cron: schedule.cron, now, by, channels: names };
    const turn = await storage.reportTurn();
    const step = turnStep(turn, world);
    const { next } = step;
    if (next?.pending.length === 0 && turn !== null && turn.pending.length > 0)
      log.warn({ channels: turn.pending }, "a report was given up; the next one comes");
    // Somebody else was first: the next round sees what they wrote.
    if (next !== null && !(await storage.putReportTurn(next))) return;
    if (next !== null && step.by.length > 0 && !(await this.#send(next, step.by))) return;
    [this.#lookAt, this.#lookedAt] = [step.lookAt, now];
  }

  /** False: somebody else has taken it over. */
  async #send(turn: ReportTurn, by: readonly string[]): Promise<boolean> {
    const { schedule, storage, channels, report, from, log } = this.#parts;
    const found = await report();
    const { at, since } = found;
    const message = { ...reportMessage(found, schedule), kind: "report", key: "report" } as const;
    let current = turn;
    for (const channel of channels.filter(({ name }) => by.includes(name))) {
      try {
        await deliver(channel, { ...message, since: rfc3339(Date.parse(since)), at, from });
      } catch (error) {
        const reason = messageOf(error);
        log.warn({ channel: channel.name, reason }, "the report could not be sent");
        continue;
      }
      log.info({ channel: channel.name }, "a report was sent");
      current = arrived(current, channel.name);
      if (!(await storage.putReportTurn(current))) return false;
    }
    return true;
  }
}
