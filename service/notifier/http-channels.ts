import type { Secret } from "../secret.ts";
import { body, type Channel, headline, type Message } from "./channel.ts";

/** The message as JSON, for programs. */
export function webhookChannel(url: Secret): Channel {
  return httpChannel("webhook", url, (message) => ({ json: { service: "swarmnfs", ...message } }));
}

/** Slack's incoming webhooks, and what understands the same: Mattermost, Rocket.Chat. */
export function slackChannel(url: Secret): Channel {
  return httpChannel("slack", url, (message) => ({
    json: { text: `*${headline(message)}*\n${body(message)}` },
  }));
}

export function discordChannel(url: Secret): Channel {
  // Discord refuses more than 2,000 characters.
  return httpChannel("discord", url, (message) => ({
    json: { content: `**${headline(message)}**\n${body(message)}`.slice(0, 2000) },
  }));
}

/** `https://ntfy.sh/topic`; published as JSON, for its headers cannot hold every letter. */
export function ntfyChannel(url: Secret, token: Secret | null): Channel {
  return httpChannel(
    "ntfy",
    url,
    (message, target) => {
      const topic = target.pathname.split("/").findLast((part) => part !== "") ?? "";
      target.pathname = target.pathname.replace(/[^/]*\/*$/, "");
      const isCalm = message.kind === "resolved" || message.kind === "report";
      return {
        json: {
          topic: decodeURIComponent(topic),
          title: headline(message),
          message: body(message),
          priority: isCalm ? 3 : 4,
          tags: [tagOf(message)],
        },
      };
    },
    token,
  );
}

/** A picture that ntfy shows before the title. */
function tagOf({ kind }: Message): string {
  if (kind === "report") return "bar_chart";
  return kind === "resolved" ? "white_check_mark" : "warning";
}

/** What is sent; may change where to. */
type Compose = (message: Message, target: URL) => { readonly json: unknown };

function httpChannel(
  name: string,
  url: Secret,
  compose: Compose,
  token: Secret | null = null,
): Channel {
  return {
    name,
    async send(message, signal) {
      const target = address(await url.read(), name);
      const { json } = compose(message, target);
      const authorization = token === null ? {} : { authorization: `Bearer ${await token.read()}` };
      const request: RequestInit = {
        method: "POST",
        headers: { "content-type": "application/json", ...authorization },
        body: JSON.stringify(json),
        signal,
      };
      await answered(name, target, request);
    },
  };
}

/** A dead man's switch: whoever watches it alarms when this is not called for a while. */
export async function ping(url: Secret, signal: AbortSignal): Promise<void> {
  await answered("ping", address(await url.read(), "ping"), { method: "GET", signal });
}

async function answered(name: string, target: URL, request: RequestInit): Promise<void> {
  // The address may be a secret by itself: of a failure only its kind is told.
  const response = await fetch(target, request).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "no answer";
    throw new Error(`${name} cannot be reached (${code})`);
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${name} answered ${response.status}`);
}

function address(text: string, name: string): URL {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw new Error(`the address for ${name} is no http(s) URL`);
  return url;
}
