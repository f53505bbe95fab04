import type { Agent } from "node:http";
import type { Authorization } from "./authorization.ts";
import { dialingAgent, type Dialing } from "./dialing-agent.ts";
import { exchange, type Answer, type Circumstances, type Payload } from "./exchange.ts";
import { RemoteFailure } from "../failure.ts";
import { redirected } from "./redirect.ts";
import { statusFailure } from "./status-failure.ts";
import type { Traffic } from "./traffic.ts";

/** One request to a server, by a path below its base. */
export interface Call {
  readonly method: string;
  /** Names between slashes, none at the ends; `""` is the base itself. */
  readonly path: string;
  /** Whether it is a folder: servers redirect, or refuse, folders without a slash at the end. */
  readonly folder?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: Payload;
  readonly signal?: AbortSignal;
  /** What is tried, for people: `reading a pack`. */
  readonly what: string;
  readonly tally?: Tally;
}

/** Counts what goes over the wire. */
export interface Tally {
  request(method: string): void;
  moved(direction: "sent" | "received", bytes: number): void;
}

export interface EndpointSettings extends Omit<Circumstances, "moved" | "agent"> {
  readonly dialing: Dialing;
  /** Hosts that may be redirected to, besides the one that redirects. */
  readonly redirectHosts: readonly string[];
  /** Counts every request, whoever made it. */
  readonly traffic?: Traffic;
}

const mostRedirects = 5;

/**
 * One base URL of the backup server: authorizes, follows redirects that may be followed, keeps time. When the base itself
 * redirects, what it leads to is the base from then on.
 */
export class Endpoint {
  readonly authorization: Authorization;
  readonly #settings: EndpointSettings;
  readonly #agents = new Map<string, Agent>();
  #base: URL;
  #clockOffsetMs: number | null = null;

  /** `base` ends with a slash. */
  constructor(base: URL, authorization: Authorization, settings: EndpointSettings) {
    this.#base = base;
    this.authorization = authorization;
    this.#settings = settings;
  }

  get base(): URL {
    return this.#base;
  }

  /** `base` ends with a slash. */
  moveTo(base: URL): void {
    this.#base = base;
  }

  /** The server's clock minus ours, by its last answer. */
  get clockOffsetMs(): number | null {
    return this.#clockOffsetMs;
  }

  urlOf(path: string, folder = false): URL {
    const names = path.split("/").filter((name) => name !== "");
    const text = names.map((name) => encodeURIComponent(name)).join("/");
    return new URL(text + (folder && text !== "" ? "/" : ""), this.#base);
  }

  /** The answer, whatever its status, except for what a repetition or a redirect could mend. */
  async send(call: Call): Promise<Answer> {
    let url = this.urlOf(call.path, call.folder);
    let authorized = false;
    for (let redirects = 0; ;) {
      const target = url.pathname + url.search;
      const header = await this.authorization.header(call.method, target);
      const answer = await this.#exchange(url, call, header);
      if (answer.status === 401) {
        const learnt = await this.authorization.learn(answer.headers["www-authenticate"], header);
        if (!learnt || authorized) return answer;
        answer.discard();
        authorized = true;
        this.#repeatable(call);
        continue;
      }
      const next = redirected(url, answer, this.#settings.redirectHosts);
      if (next === null) {
        if (call.path === "" && call.folder === true) this.#base = asFolder(url);
        return answer;
      }
      answer.discard();
      redirects += 1;
      if (redirects > mostRedirects)
        throw new RemoteFailure(
          "wrong-target",
          `"${url.host}" redirects in a circle: check WEBDAV_URL`,
        );
      this.#repeatable(call);
      url = next;
    }
  }

  /** As {@link send}, but throws what a status means unless it is one of `good` (any 2xx when none are named). */
  async expect(call: Call, ...good: readonly number[]): Promise<Answer> {
    const answer = await this.send(call);
    const { status } = answer;
    if (good.length === 0 ? status >= 200 && status < 300 : good.includes(status)) return answer;
    answer.discard();
    throw this.failure(call.what, answer);
  }

  failure(what: string, { status, headers }: Pick<Answer, "status" | "headers">): RemoteFailure {
    return statusFailure(this.#base.host, what, status, headers);
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #agentOf(url: URL): Agent {
    const known = this.#agents.get(url.origin) ?? dialingAgent(url, this.#settings.dialing);
    this.#agents.set(url.origin, known);
    return known;
  }

  async #exchange(url: URL, call: Call, authorization: string | null): Promise<Answer> {
    call.tally?.request(call.method);
    const { traffic } = this.#settings;
    const answering = exchange(
      url,
      {
        method: call.method,
        headers: {
          "user-agent": "swarmnfs-backup",
          ...call.headers,
          ...(authorization === null ? {} : { authorization }),
        },
        payload: call.payload ?? null,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      },
      {
        ...this.#settings,
        agent: this.#agentOf(url),
        moved: (direction, bytes) => {
          call.tally?.moved(direction, bytes);
          traffic?.moved(direction, bytes);
        },
      },
    );
    const answer = await answering.catch((error: unknown) => {
      traffic?.ended(call.method, error instanceof RemoteFailure ? error.kind : "network");
      throw error;
    });
    traffic?.answered(call.method, answer.status);
    const date = Date.parse(answer.headers.date ?? "");
    if (!Number.isNaN(date)) this.#clockOffsetMs = date - Date.now();
    return answer;
  }

  /** A body that is gone cannot be sent again: whoever has it must. */
  #repeatable({ payload }: Call): void {
    if (payload !== undefined && !payload.repeatable)
      throw new RemoteFailure("busy", `"${this.#base.host}" wants it again`, { retryAfterMs: 0 });
  }
}

function asFolder(url: URL): URL {
  return new URL(url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`, url);
}
