import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { messageOf } from "../message-of.ts";
import type { Channel } from "./channel.ts";
import {
  discordChannel,
  ntfyChannel,
  ping,
  slackChannel,
  webhookChannel,
} from "./http-channels.ts";
import type { Problem } from "./incident.ts";
import { mailChannel } from "./mail-channel.ts";
import { Notifier } from "./notifier.ts";
import type { NotifySettings } from "./notify-settings.ts";

/** Tells people of all problems there are; `isWell`: there is none, and the dead man's switch may be pressed. */
export type Tell = (problems: readonly Problem[], isWell: boolean) => Promise<void>;

export interface TellingParts {
  readonly notify: NotifySettings;
  /** Who tells: `backup of storage1 on node2`. */
  readonly from: string;
  /** Where open incidents are remembered. */
  readonly file: string;
  /** A problem counts as over when it was gone for so long, milliseconds; at once unless given. */
  readonly calmMs?: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between two signs to the dead man's switch, and how long one may take. */
const pingEvery = 5 * 60_000;
const pingMs = 15_000;

/** People are told of problems by every channel that is set; the dead man's switch hears of it while there are none. */
export async function tellingPeople(parts: TellingParts): Promise<Tell> {
  const { notify, from, file, calmMs = 0, clock, log } = parts;
  const notifier = await Notifier.open({
    path: file,
    channels: channelsOf(notify),
    repeatMs: notify.repeatMs,
    calmMs,
    from,
    clock,
    log,
  });
  let pingedAt = -Infinity;
  return async (problems, isWell) => {
    await notifier.tell(problems);
    if (notify.ping === null || !isWell || performance.now() - pingedAt < pingEvery) return;
    try {
      await ping(notify.ping, AbortSignal.timeout(pingMs));
      pingedAt = performance.now();
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "the dead man's switch cannot be reached");
    }
  };
}

/** Everybody who is told; none where nothing is set. */
export function channelsOf(notify: NotifySettings): Channel[] {
  const { webhook, ntfy, ntfyToken, slack, discord, mail } = notify;
  return [
    ...(webhook === null ? [] : [webhookChannel(webhook)]),
    ...(ntfy === null ? [] : [ntfyChannel(ntfy, ntfyToken)]),
    ...(slack === null ? [] : [slackChannel(slack)]),
    ...(discord === null ? [] : [discordChannel(discord)]),
    ...(mail === null ? [] : [mailChannel(mail)]),
  ];
}
