import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { createLog } from "../../../service/log.ts";
import type { Channel } from "../../../service/notifier/channel.ts";
import {
  discordChannel,
  ntfyChannel,
  ping,
  slackChannel,
  webhookChannel,
} from "../../../service/notifier/http-channels.ts";
import { mailChannel } from "../../../service/notifier/mail-channel.ts";
import { Notifier } from "../../../service/notifier/notifier.ts";
import { Secret } from "../../../service/secret.ts";

const log = createLog("test", { level: "silent", format: "json" });
const problem = { key: "failed blog", title: "The backup of blog failed", text: "Look at it." };

interface Received {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server that keeps what it was sent, and answers with `status()`. */
async function listener(
  t: ExecutionContext,
  status = (): number => 200,
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const { url: target = "", headers } = request;
      received.push({ url: target, headers, body: await text(request) });
      response.writeHead(status()).end();
    };
    void answer();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received };
}

async function notifier(t: ExecutionContext, channels: readonly Channel[]): Promise<Notifier> {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-notifier-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return reopened(folder, channels);
}

function reopened(folder: string, channels: readonly Channel[]): Promise<Notifier> {
  return Notifier.open({
    path: path.join(folder, "incidents.json"),
    channels,
    repeatMs: 0,
    calmMs: 0,
    from: "backup of storage1 on node2",
    clock: { now: () => Date.parse("2026-03-01T06:00:00Z") },
    log,
  });
}

const url = (text_: string): Secret => Secret.text("NOTIFY_URL", text_);

test("webhooks, Slack, Discord and ntfy are told of a problem and of its end, each in its own way", async (t) => {
  const { url: base, received } = await listener(t);
  const told = await notifier(t, [
    webhookChannel(url(`${base}/hook`)),
    slackChannel(url(`${base}/slack`)),
    discordChannel(url(`${base}/discord`)),
    ntfyChannel(url(`${base}/backups`), Secret.text("TOKEN", "tk_1")),
  ]);
  await told.tell([problem]);
  await told.tell([problem]);
  t.deepEqual(received.map((one) => one.url).toSorted(), ["/", "/discord", "/hook", "/slack"]);
  const byUrl = new Map(received.map((one) => [one.url, one]));
  t.like(JSON.parse(byUrl.get("/hook")?.body ?? ""), {
    service: "swarmnfs",
    kind: "opened",
    key: "failed blog",
    title: problem.title,
    since: "2026-03-01T06:00:00Z",
    from: "backup of storage1 on node2",
  });
  t.like(JSON.parse(byUrl.get("/")?.body ?? ""), {
    topic: "backups",
    title: "✘ The backup of blog failed",
    priority: 4,
  });
  t.is(byUrl.get("/")?.headers.authorization, "Bearer tk_1");
  t.regex(byUrl.get("/slack")?.body ?? "", /✘ The backup of blog failed/);
  t.regex(byUrl.get("/discord")?.body ?? "", /Look at it\./);

  received.length = 0;
  await told.tell([]);
  await told.tell([]);
  t.is(received.length, 4);
  t.regex(received.find((one) => one.url === "/slack")?.body ?? "", /✔ Over: The backup of blog/);
});

test("whoever does not answer well is told at the next round, and the others not again", async (t) => {
  let status = 500;
  const bad = await listener(t, () => status);
  const good = await listener(t);
  const told = await notifier(t, [webhookChannel(url(bad.url)), slackChannel(url(good.url))]);
  await told.tell([problem]);
  status = 200;
  await told.tell([problem]);
  await told.tell([problem]);
  t.is(bad.received.length, 2);
  t.is(good.received.length, 1);
});

test("nobody is told the same again after a restart", async (t) => {
  const { url: base, received } = await listener(t);
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-notifier-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const channels = [webhookChannel(url(base))];
  await (await reopened(folder, channels)).tell([problem]);
  await (await reopened(folder, channels)).tell([problem]);
  t.is(received.length, 1);
});

test("an error of a channel never holds its address", async (t) => {
  const secret = "http://127.0.0.1:1/hooks/s3cret";
  const signal = AbortSignal.timeout(60_000);
  const error = await t.throwsAsync(ping(url(secret), signal));
  t.false(error.message.includes("s3cret"));
  const { url: base } = await listener(t, () => 403);
  await t.throwsAsync(ping(url(`${base}/s3cret`), signal), { message: "ping answered 403" });
});

test("mail arrives with a headline, and a refused login is not quoted", async (t) => {
  const smtp = await smtpServer(t);
  const settings = { from: "backup@example.org", to: ["ops@example.org", "me@example.org"] };
  const told = await notifier(t, [mailChannel({ ...settings, url: url(smtp.url) })]);
  await told.tell([problem]);
  const mail = smtp.lines.join("\n");
  t.regex(mail, /RCPT TO:<ops@example\.org>/);
  t.regex(mail, /RCPT TO:<me@example\.org>/);
  t.regex(mail, /^Subject: /m);
  t.regex(mail, /The backup of blog failed/);

  const refused = mailChannel({
    ...settings,
    url: url(smtp.url.replace("//", "//ops:s3cret@")),
  });
  const message = { ...problem, kind: "opened", since: "", at: "", from: "" } as const;
  const error = await t.throwsAsync(refused.send(message, AbortSignal.timeout(60_000)));
  t.false(JSON.stringify(error, Object.getOwnPropertyNames(error)).includes("s3cret"));
});

/** As little of SMTP as a client needs; it knows no logins. */
async function smtpServer(t: ExecutionContext): Promise<{ url: string; lines: string[] }> {
  const lines: string[] = [];
  const server = createTcpServer((socket) => talk(socket, lines)).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, lines };
}

function talk(socket: Socket, lines: string[]): void {
  let inData = false;
  let rest = "";
  socket.write("220 here\r\n");
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    rest += chunk.toString();
    for (let at = rest.indexOf("\r\n"); at >= 0; at = rest.indexOf("\r\n")) {
      const line = rest.slice(0, at);
      rest = rest.slice(at + 2);
      lines.push(line);
      if (inData) {
        if (line !== ".") continue;
        inData = false;
        socket.write("250 taken\r\n");
      } else if (/^EHLO/i.test(line)) socket.write("250-here\r\n250 AUTH PLAIN\r\n");
      else if (/^AUTH/i.test(line)) socket.write("535 no\r\n");
      else if (/^DATA/i.test(line)) {
        inData = true;
        socket.write("354 go on\r\n");
      } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
      else socket.write("250 ok\r\n");
    }
  });
}
