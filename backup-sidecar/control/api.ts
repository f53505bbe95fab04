import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import {
  backupRequests,
  type BackupRequest,
  type BackupVerb,
  type Said,
} from "../../storage/backup/verbs.ts";
import type { AnsweredVerb, Answering, Commands, Talk } from "./commands.ts";
import { failureOf } from "./failure-of.ts";

/** A request is a few words; nobody sends more than this. */
const bodyLimit = 64 * 1024;
/** An empty line is a sign of life, milliseconds: whoever asked gives up after a minute of silence. */
const aliveMs = 10_000;

/** The service's commands over HTTP: `POST /<verb>`, answered with lines of JSON. Hanging up ends the work. */
export function createControlApi(commands: Commands, log: Log): RequestListener {
  return (request, response) => {
    void answer(request, response, commands, log).catch((error: unknown) => {
      log.debug({ err: error }, "an answer could not be given");
      response.destroy();
    });
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  commands: Commands,
  log: Log,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const verb = verbOf(request);
  try {
    if (verb === null)
      throw new UserError("not-found", `the backup service does not know "${request.url}"`);
    const body = await bodyOf(request, verb);
    if (verb === "dump") {
      const content = await commands.dump(backupRequests.dump.parse(body), gone.signal);
      response.writeHead(200, { "content-type": "application/octet-stream" });
      await pipeline(content, response);
      return;
    }
    // The body was parsed by this verb's own schema.
    await work(verb, body as never, response, commands, gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return;
    const failure = failureOf(error);
    if (failure.code === "internal") log.error({ err: error, verb }, "a command failed");
    if (response.headersSent && verb === "dump") {
      // Half a file must not look like a whole one.
      response.destroy();
      return;
    }
    if (!response.headersSent) response.writeHead(200, ndjson);
    response.end(`${JSON.stringify({ failure })}\n`);
  }
}

const ndjson = { "content-type": "application/x-ndjson", "cache-control": "no-store" };

async function work<Verb extends AnsweredVerb>(
  verb: Verb,
  body: BackupRequest<Verb>,
  response: ServerResponse,
  commands: Answering,
  signal: AbortSignal,
): Promise<void> {
  const say = (said: Said<Verb>): boolean => {
    if (signal.aborted) return true;
    if (!response.headersSent) response.writeHead(200, ndjson);
    return response.write(`${JSON.stringify(said)}\n`);
  };
  const talk: Talk<Verb> = {
    signal,
    progress: (progress) => void say({ progress }),
    note: (note) => void say({ note }),
    item: async (item) => {
      if (!say({ item })) await once(response, "drain", { signal });
    },
  };
  const alive = setInterval(() => {
    if (!response.headersSent) response.writeHead(200, ndjson);
    response.write("\n");
  }, aliveMs);
  try {
    const result = await commands[verb](body, talk);
    say({ result });
    response.end();
  } finally {
    clearInterval(alive);
  }
}

function verbOf(request: IncomingMessage): BackupVerb | null {
  const name = request.url?.slice(1) ?? "";
  const known = z.enum(Object.keys(backupRequests) as [BackupVerb, ...BackupVerb[]]);
  const verb = known.safeParse(name);
  return request.method === "POST" && verb.success ? verb.data : null;
}

async function bodyOf(request: IncomingMessage, verb: BackupVerb): Promise<unknown> {
  if (Number(request.headers["content-length"] ?? Infinity) > bodyLimit)
    throw new UserError("invalid", "the request is too long, or does not say how long it is");
  const parsed = backupRequests[verb].safeParse(JSON.parse((await text(request)) || "{}"));
  if (!parsed.success)
    throw new UserError(
      "invalid",
      `the request is wrong: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, " ")}`,
    );
  return parsed.data;
}
