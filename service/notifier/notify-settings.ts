import * as z from "zod";
import { givenSecret, type Secret } from "../secret.ts";
import { listOf, span, spanText } from "../setting-values.ts";
import { UserError } from "../user-error.ts";

/** Given as `NAME` or as `NAME_FILE`; never shown. */
export const notifySecretNames = [
  "NOTIFY_WEBHOOK_URL",
  "NOTIFY_NTFY_URL",
  "NOTIFY_NTFY_TOKEN",
  "NOTIFY_SLACK_URL",
  "NOTIFY_DISCORD_URL",
  "NOTIFY_MAIL_URL",
  "NOTIFY_PING_URL",
] as const;

/** How people are told, but the secrets: the same in every program. */
export const notifyVariables = {
  NOTIFY_MAIL_FROM: z.string().optional(),
  NOTIFY_MAIL_TO: listOf(),
  NOTIFY_REPEAT: span("1d"),
} as const;

const anything = z.string().optional();

/** The secrets and their `_FILE` variables, as a shape that takes any text. */
export const notifySecretVariables: Readonly<Record<string, typeof anything>> = Object.fromEntries(
  notifySecretNames.flatMap((name) => [
    [name, anything],
    [`${name}_FILE`, anything],
  ]),
);

/** How people are told of problems; nothing is set by default. */
export interface NotifySettings {
  readonly webhook: Secret | null;
  readonly ntfy: Secret | null;
  readonly ntfyToken: Secret | null;
  readonly slack: Secret | null;
  readonly discord: Secret | null;
  /** `smtp://user:password@host:port` or `smtps://…`. */
  readonly mail: {
    readonly url: Secret;
    readonly from: string;
    readonly to: readonly string[];
  } | null;
  readonly ping: Secret | null;
  /** A problem that lasts is told again after so long; 0: never. */
  readonly repeatMs: number;
}

/**
 * Reads the secrets of the environment beside what {@link notifyVariables} gave. `seen`: where this process finds a file of
 * a `_FILE` variable. Throws `UserError` (invalid) for what contradicts itself.
 */
export function notifySettings(
  values: z.infer<z.ZodObject<typeof notifyVariables>>,
  environment: NodeJS.ProcessEnv,
  seen?: (file: string) => string,
): NotifySettings {
  const secret = (name: (typeof notifySecretNames)[number]): Secret | null =>
    givenSecret(name, environment, seen);
  return {
    webhook: secret("NOTIFY_WEBHOOK_URL"),
    ntfy: secret("NOTIFY_NTFY_URL"),
    ntfyToken: secret("NOTIFY_NTFY_TOKEN"),
    slack: secret("NOTIFY_SLACK_URL"),
    discord: secret("NOTIFY_DISCORD_URL"),
    mail: mailOf(secret("NOTIFY_MAIL_URL"), values.NOTIFY_MAIL_FROM, values.NOTIFY_MAIL_TO),
    ping: secret("NOTIFY_PING_URL"),
    repeatMs: values.NOTIFY_REPEAT,
  };
}

/** Whether there is anybody who can be told something. */
export function reachesAnybody({ webhook, ntfy, slack, discord, mail }: NotifySettings): boolean {
  return [webhook, ntfy, slack, discord, mail].some((way) => way !== null);
}

/** What is said of reports that nobody would get. */
export function nobodyToTell(report: string): string {
  return `SWARMNFS_REPORT=${report} sends reports, and there is nobody to send them to: set NOTIFY_NTFY_URL, NOTIFY_MAIL_URL or another NOTIFY_… by which people are told, or SWARMNFS_REPORT=off`;
}

/** What is no secret, in the way one would write it. */
export function notifyValues({
  mail: letters,
  repeatMs,
}: NotifySettings): Readonly<Record<keyof typeof notifyVariables, string>> {
  return {
    NOTIFY_MAIL_FROM: letters?.from ?? "",
    NOTIFY_MAIL_TO: letters?.to.join(",") ?? "",
    NOTIFY_REPEAT: spanText(repeatMs),
  };
}

function mailOf(
  url: Secret | null,
  from: string | undefined,
  to: readonly string[],
): NotifySettings["mail"] {
  if (url === null && from === undefined && to.length === 0) return null;
  if (url === null || from === undefined || to.length === 0)
    throw new UserError(
      "invalid",
      "the settings cannot be used: mail needs all of NOTIFY_MAIL_URL, NOTIFY_MAIL_FROM and NOTIFY_MAIL_TO, and not all are set",
    );
  return { url, from, to };
}
