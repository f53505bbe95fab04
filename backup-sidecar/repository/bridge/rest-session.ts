import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream/promises";
import { messageOf } from "../../../service/message-of.ts";
import type { BridgeSession, SessionCounts, SessionOptions } from "./bridge.ts";
import { DeleteGuard } from "../delete-guard.ts";
import { BodySpent } from "../webdav/delivery.ts";
import { RemoteFailure, type FailureKind } from "../failure.ts";
import { Untrue } from "../webdav/read-back.ts";
import { RepositoryFiles, type RememberedFiles } from "./repository-files.ts";
import { body, give, rangeOf } from "./rest-exchange.ts";
import { parseRestPath, type RestPath } from "./rest-path.ts";
import { SessionState } from "./session-state.ts";
import type { WebdavRemote } from "../webdav/webdav-remote.ts";

const version2 = "application/vnd.x.restic.rest.v2";
/** A repository's config is 155 bytes long. */
const configLimit = 64 * 1024;

export interface RestSessionSettings {
  /** Of the loopback server, with the session's secret path; ends with a slash. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** For how long uploads that fail again and again are tried, in milliseconds. */
  readonly uploadsFailMs: number;
  /** Of the repository. */
  readonly remembered: RememberedFiles;
  note(text: string): void;
  onClose(): void;
}

/** Answers one restic. Statuses are for restic, which takes only 404, 401 and 403 as final. */
export class RestSession implements BridgeSession {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #settings: RestSessionSettings;
  readonly #options: SessionOptions;
  readonly #files: RepositoryFiles;
  readonly #guard: DeleteGuard;
  readonly #state = new SessionState();
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #authorization: string;
  #failingSince: number | null = null;
  #untruths = 0;
  #created = false;

  constructor(
    remote: WebdavRemote,
    path: string,
    options: SessionOptions,
    settings: RestSessionSettings,
  ) {
    const { url, user, password } = settings;
    this.url = url;
    this.environment = {
      RESTIC_REPOSITORY: `rest:${url}`,
      RESTIC_REST_USERNAME: user,
      RESTIC_REST_PASSWORD: password,
    };
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    this.#settings = settings;
    this.#options = options;
    this.#guard = new DeleteGuard(options.readOnly === true ? null : (options.permit ?? null));
    const observed = remote.observed((failure) => this.#state.waiting(failure), this.#state);
    this.#files = new RepositoryFiles(observed, path, this.#guard, settings.remembered, (text) =>
      settings.note(text),
    );
    this.#signal =
      options.signal === undefined
        ? this.#ending.signal
        : AbortSignal.any([this.#ending.signal, options.signal]);
  }

  get trouble(): RemoteFailure | null {
    return this.#state.trouble;
  }

  get waitingFor(): RemoteFailure | null {
    return this.#state.waitingFor;
  }

  get counts(): SessionCounts {
    return this.#state.counts(this.#guard.deleted);
  }

  onTrouble(listener: (trouble: RemoteFailure) => void): () => void {
    return this.#state.onTrouble(listener);
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error("the session was closed"));
    this.#settings.onClose();
    // Only a help: a disk that is full must not fail a run that was good.
    await this.#settings.remembered.journal
      .save()
      .catch((error: unknown) =>
        this.#settings.note(`The journal of files cannot be kept: ${messageOf(error)}`),
      );
  }

  /** Answers one request, whose path is what follows the session's own. */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    const hungUp = new AbortController();
    response.once("close", () => hungUp.abort(new Error("restic hung up")));
    const signal = AbortSignal.any([this.#signal, hungUp.signal]);
    try {
      if (request.headers.authorization !== this.#authorization)
        return void response.writeHead(401).end();
      const what = parseRestPath(path);
      if (what === null) return void response.writeHead(400).end();
      // restic may take its locks away however it ends.
      if (this.trouble !== null && !(isUnlock(what, request) && reachable.has(this.trouble.kind)))
        throw this.trouble;
      await this.#serve(what, request, response, query, signal);
    } catch (error) {
      await this.#refuse(request, response, error, signal);
    }
  }

  async #serve(
    what: RestPath,
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
    signal: AbortSignal,
  ): Promise<void> {
    const method = request.method ?? "";
    if (this.#options.readOnly === true && method !== "GET" && method !== "HEAD")
      throw new RemoteFailure("forbidden", "This repository is only read now");
    switch (what.kind) {
      case "repository":
        if (method !== "POST" || query.get("create") !== "true") break;
        this.#mayCreate();
        await this.#files.create(signal);
        this.#created = true;
        return void response.writeHead(200).end();
      case "config":
        return this.#config(method, request, response, signal);
      case "list":
        if (method !== "GET") break;
        return this.#json(response, await this.#files.list(what.type, signal));
      case "file":
        return this.#file(method, what, request, response, signal);
    }
    response.writeHead(405).end();
  }

  async #config(
    method: string,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    if (method === "HEAD") {
      const { size } = await this.#files.readConfig(signal);
      return void response.writeHead(200, { "content-length": size ?? 0 }).end();
    }
    if (method === "GET") {
      return give(await this.#files.readConfig(signal), 200, response);
    }
    if (method !== "POST")
      throw new RemoteFailure("forbidden", "A repository's configuration is never deleted");
    this.#mayCreate();
    if (!this.#created || (await this.#files.hasConfig(signal)))
      throw new RemoteFailure(
        "forbidden",
        "There is a repository already: its configuration is not replaced",
      );
    await this.#files.writeConfig(await body(request, configLimit), signal);
    response.writeHead(200).end();
  }

  async #file(
    method: string,
    { type, name }: Extract<RestPath, { kind: "file" }>,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    switch (method) {
      case "HEAD": {
        const entry = await this.#files.stat(type, name, signal);
        return void (entry === null
          ? response.writeHead(404).end()
          : response.writeHead(200, { "content-length": entry.size }).end());
      }
      case "GET": {
        const range = rangeOf(request);
        const opened = await this.#files.read(type, name, range, signal);
        return give(opened, range === undefined ? 200 : 206, response);
      }
      case "POST": {
        const size = Number(request.headers["content-length"] ?? NaN);
        if (!Number.isSafeInteger(size)) return void response.writeHead(411).end();
        // What fails half-way must leave the connection to restic standing, for there is an answer to give.
        const given = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
        await this.#files.write(type, name, given, size, signal);
        this.#failingSince = null;
        this.#untruths = 0;
        return void response.writeHead(200).end();
      }
      case "DELETE":
        await this.#files.remove(type, name, signal);
        return void response.writeHead(200).end();
      default:
        response.writeHead(405).end();
    }
  }

  #json(response: ServerResponse, value: unknown): void {
    response.writeHead(200, { "content-type": version2 }).end(JSON.stringify(value));
  }

  #mayCreate(): void {
    if (this.#options.mayCreate !== true)
      throw new RemoteFailure("forbidden", "No repository may be made here now");
  }

  async #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted || response.headersSent) return void response.destroy();
    const status = this.#statusOf(error);
    // restic hears an answer only after it has said all.
    request.resume();
    if (!request.readableEnded && !request.closed) await finished(request).catch(() => undefined);
    response.writeHead(status, { "content-type": "text/plain" }).end();
  }

  #statusOf(error: unknown): number {
    if (error instanceof BodySpent) {
      this.#failingSince ??= performance.now();
      if (error.failure instanceof Untrue) this.#untruths += 1;
      const failingMs = performance.now() - this.#failingSince;
      if (failingMs > this.#settings.uploadsFailMs || this.#untruths > mostUntruths)
        this.#state.end(error.failure);
      return this.trouble === null ? 503 : 403;
    }
    if (!(error instanceof RemoteFailure)) {
      this.#state.end(
        new RemoteFailure("server", "The bridge to the backup server failed", { cause: error }),
      );
      return 403;
    }
    if (error.kind === "gone") return 404;
    if (error.status === 416) return 416;
    // What we refuse ourselves is no trouble with the server.
    if (error.kind === "forbidden" && error.status === null) return 403;
    this.#state.end(error);
    return 403;
  }
}

/** A server that has so often in a row said of packs that it had stored them, and had not, does not do better later. */
const mostUntruths = 8;

/** Troubles in which the server does what it can. */
const reachable: ReadonlySet<FailureKind> = new Set(["full", "too-big", "server", "locked"]);

function isUnlock(what: RestPath, { method }: IncomingMessage): boolean {
  return method === "DELETE" && what.kind === "file" && what.type === "locks";
}

/** A fresh secret for one session. */
export function secret(): string {
  return randomBytes(24).toString("base64url");
}
