import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import type { Clock } from "../../service/clock.ts";
import type { Channel } from "../../service/notifier/channel.ts";
import {
  discordChannel,
  ntfyChannel,
  ping,
  slackChannel,
  webhookChannel,
} from "../../service/notifier/http-channels.ts";
import { mailChannel } from "../../service/notifier/mail-channel.ts";
import { Notifier } from "../../service/notifier/notifier.ts";
import type { BackupSettings, NotifySettings } from "../settings.ts";
import type { Tell } from "./rounds.ts";

/** Milliseconds between two signs to the dead man's switch, and how long one may take. */
const pingEvery = 5 * 60_000;
const pingMs = 15_000;

/** People are told of problems by every channel that is set; the dead man's switch hears of it while there are none. */
export async function tellingPeople(
  settings: Pick<BackupSettings, "notify" | "storageName" | "node">,
  file: string,
  clock: Clock,
  log: Log,
): Promise<Tell> {
  const { notify, storageName, node } = settings;
  const notifier = await Notifier.open({
    path: file,
    channels: channelsOf(notify),
    repeatMs: notify.repeatMs,
    from: `backup of ${storageName} on ${node}`,
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

function channelsOf(notify: NotifySettings): Channel[] {
  const { webhook, ntfy, ntfyToken, slack, discord, mail } = notify;
  return [
    ...(webhook === null ? [] : [webhookChannel(webhook)]),
    ...(ntfy === null ? [] : [ntfyChannel(ntfy, ntfyToken)]),
    ...(slack === null ? [] : [slackChannel(slack)]),
    ...(discord === null ? [] : [discordChannel(discord)]),
    ...(mail === null ? [] : [mailChannel(mail)]),
  ];
}
