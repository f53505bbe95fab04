import { request as httpRequest, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { messageOf } from "../service/message-of.ts";
import { UserError, type UserErrorCode } from "../service/user-error.ts";
import type {
  BackupAnswer,
  BackupItem,
  BackupRequest,
  BackupVerb,
  Said,
} from "../storage/backup/verbs.ts";
import { codeOf } from "./plugin-socket.ts";
import type { Progress } from "./progress.ts";
import type { WorkBar } from "./work-bar.ts";

/** The backup service in whose container we are. */
export interface BackupService {
  /**
   * Asks one verb; `doing` says in words what is waited for. What it says meanwhile is shown; entries come by `onItem`, one
   * by one. Throws `UserError` with what the service says. Ending this process ends the work, with nothing lost.
   */
  ask<Verb extends Exclude<BackupVerb, "dump">>(
    verb: Verb,
    request: BackupRequest<Verb>,
    doing: string,
    onItem?: (item: BackupItem<Verb>) => void,
  ): Promise<BackupAnswer<Verb>>;
  /** Writes a file's bytes to the standard output. */
  dump(request: BackupRequest<"dump">): Promise<void>;
}

export interface BackupClientSettings {
  readonly path: string;
  readonly progress: Progress;
  readonly bar: WorkBar;
  readonly note: (text: string) => void;
  /** Takes bytes; settles when there is room for more. */
  readonly bytes: (chunk: Uint8Array) => Promise<void>;
}

/** Milliseconds; the service says something every ten seconds, if only that it is there. */
const silenceMs = 60_000;

export class BackupClient implements BackupService {
  readonly #settings: BackupClientSettings;

  constructor(settings: BackupClientSettings) {
    this.#settings = settings;
  }

  ask<Verb extends Exclude<BackupVerb, "dump">>(
    verb: Verb,
    request: BackupRequest<Verb>,
    doing: string,
    onItem: (item: BackupItem<Verb>) => void = () => undefined,
  ): Promise<BackupAnswer<Verb>> {
    return this.#settings.progress.during(doing, this.#ask(verb, request, onItem));
  }

  async dump(request: BackupRequest<"dump">): Promise<void> {
    const response = await this.#post("dump", request);
    if (response.headers["content-type"]?.includes("ndjson") === true) {
      for await (const said of this.#said<"dump">(response))
        if ("failure" in said) throw failed(said.failure);
      return;
    }
    try {
      for await (const chunk of response) {
        if (chunk instanceof Uint8Array) await this.#settings.bytes(chunk);
      }
    } catch (error) {
      throw brokenOff(error);
    }
    if (!response.complete) throw brokenOff(new Error("the file is not complete"));
  }

  async #ask<Verb extends BackupVerb>(
    verb: Verb,
    request: BackupRequest<Verb>,
    onItem: (item: BackupItem<Verb>) => void,
  ): Promise<BackupAnswer<Verb>> {
    const { bar, note } = this.#settings;
    try {
      for await (const said of this.#said<Verb>(await this.#post(verb, request))) {
        if ("progress" in said) bar.show(said.progress);
        else if ("note" in said) bar.above(() => note(said.note));
        else if ("item" in said) bar.above(() => onItem(said.item));
        else if ("failure" in said) throw failed(said.failure);
        else return said.result;
      }
    } finally {
      bar.clear();
    }
    throw brokenOff(new Error("it said nothing more"));
  }

  async *#said<Verb extends BackupVerb>(response: IncomingMessage): AsyncIterable<Said<Verb>> {
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
        // An empty line is a sign of life. Both ends are made from the same verbs.
        if (line !== "") yield JSON.parse(line) as Said<Verb>;
      }
    } catch (error) {
      throw error instanceof UserError ? error : brokenOff(error);
    }
  }

  #post(verb: BackupVerb, body: unknown): Promise<IncomingMessage> {
    const { path } = this.#settings;
    const content = JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = httpRequest(
      {
        agent: false,
        socketPath: path,
        path: `/${verb}`,
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(content),
        },
        timeout: silenceMs,
      },
      resolve,
    );
    request.on("timeout", () =>
      request.destroy(new Error(`it has said nothing for ${silenceMs / 1000} s`)),
    );
    request.on("error", (error) => reject(unreachable(error, path)));
    request.end(content);
    return promise;
  }
}

function unreachable(error: Error, path: string): UserError {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM")
    return new UserError("denied", `only root may open ${path}. Try again as root`);
  if (code !== "ENOENT" && code !== "ECONNREFUSED" && code !== "ENOTSOCK") return brokenOff(error);
  const found = code === "ENOENT" ? "there is no such socket" : "nobody listens there";
  return new UserError(
    "unavailable",
    `no backup service answers at ${path}: ${found}. This command works in the service's container: docker compose -f backup.compose.yml exec backup swarmnfs backup status, or docker exec on the node that docker service ps swarmnfs_backup names. If the service does not run, its log says why`,
  );
}

function brokenOff(error: unknown): UserError {
  return new UserError(
    "unavailable",
    `the backup service broke off: ${messageOf(error)}. What it was doing is made up for by its next run; try again in a moment`,
    { cause: error },
  );
}

function failed({ code, message }: { code: string; message: string }): UserError {
  return new UserError(code as UserErrorCode, message);
}
