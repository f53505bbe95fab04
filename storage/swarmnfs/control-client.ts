import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type * as z from "zod";
import { type Clock, systemClock } from "../../service/clock.ts";
import { readAll } from "../../service/read-all.ts";
import { UserError } from "../../service/user-error.ts";
import { ControlFailure, connectionTrouble, strangerHere } from "./control-failure.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ParamsOf } from "./protocol/params.ts";
import { problemSchema, type Problem } from "./protocol/problem.ts";
import type { Route } from "./protocol/route.ts";
import { routes, type AnswerOf, type BodyOf, type RouteName } from "./protocol/routes.ts";
import { understood } from "./understood.ts";

export interface CallOptions {
  /** From the call to the end of the answer, milliseconds. */
  readonly timeoutMs: number;
  /** Gives it up; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A hundred thousand volumes are less than that; what is more is not ours. */
const answerLimit = 256 * 1024 * 1024;

/** Asks a control API. */
export class ControlClient {
  readonly #endpoint: Endpoint;
  readonly #clock: Clock;
  #aheadMs: number | null = null;

  constructor(endpoint: Endpoint, clock: Clock = systemClock) {
    this.#endpoint = endpoint;
    this.#clock = clock;
  }

  /** By how much the server's clock was ahead of ours when it answered last, milliseconds, to a second; null: it never did. */
  get aheadMs(): number | null {
    return this.#aheadMs;
  }

  /**
   * Asks one route. Throws what the server says as `UserError` with its code, and `ControlFailure` when the server as a
   * whole cannot be asked, or does not let this node in. What is sent twice, because a connection broke, happens once.
   */
  async call<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
    options: CallOptions,
  ): Promise<AnswerOf<Name>> {
    const { method, path, longPoll }: Route = routes[name];
    const late = AbortSignal.timeout(options.timeoutMs);
    const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal]);
    const text = body === undefined ? null : JSON.stringify(body);
    const place = pathOf(path, params);
    const isPoll = longPoll === true;
    const sent: Sent = { isPoll, method, path: place, text, key: randomUUID(), signal };
    try {
      const { status, answer } = await this.#sendTwice(sent);
      if (status !== 200) throw this.#refusal(status, answer);
      return this.#understand(name, answer);
    } catch (error) {
      if (error instanceof UserError) throw error;
      if (options.signal?.aborted === true) throw options.signal.reason;
      this.#endpoint.dropIdle();
      if (late.aborted) throw this.#silent(options.timeoutMs, error);
      throw connectionTrouble(error, this.#endpoint.label, this.#endpoint.port);
    }
  }

  close(): void {
    this.#endpoint.close();
  }

  /** A connection that was kept may have been closed by the server at the very moment when it was used again. */
  async #sendTwice(sent: Sent): Promise<Answered> {
    try {
      return await this.#send(sent);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      this.#endpoint.dropIdle();
      return this.#send(sent);
    }
  }

  async #send({ method, path, text, key, signal, isPoll }: Sent): Promise<Answered> {
    const headers = {
      accept: "application/json",
      ...(method === "GET" ? {} : { "idempotency-key": key }),
      ...(text === null
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    };
    const request = await this.#endpoint.begin({ method, path, signal, headers }, isPoll);
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    let isAnswered = false;
    request.on("error", (error) => {
      const isStale = request.reusedSocket && !isAnswered && !signal.aborted;
      reject(isStale ? new StaleConnection("closed meanwhile", { cause: error }) : error);
    });
    request.on("response", (response) => {
      isAnswered = true;
      const date = Date.parse(response.headers.date ?? "");
      if (!Number.isNaN(date)) this.#aheadMs = date - this.#clock.now();
      read(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, answer }),
        reject,
      );
    });
    request.end(text ?? undefined);
    return promise;
  }

  #understand<Name extends RouteName>(name: Name, answer: string): AnswerOf<Name> {
    const schema: z.ZodType = routes[name].answer;
    const result = understood(schema, parsed(answer));
    if (!result.success)
      throw new ControlFailure(
        "stranger",
        `${this.#endpoint.label} answers what this version of swarmnfs does not understand. Both should be of the same release: compare swarmnfs version on both`,
        { cause: result.error },
      );
    // The schema of this very route has just said so.
    return result.data as AnswerOf<Name>;
  }

  #refusal(status: number, answer: string): UserError {
    const problem = problemSchema.safeParse(parsed(answer));
    if (problem.success) return errorOf(problem.data, this.#endpoint.label);
    return new ControlFailure(
      "stranger",
      `what answers at ${this.#endpoint.label} is no control API of a swarmnfs storage node (status ${status}). Mend the storage's URL`,
    );
  }

  #silent(ms: number, cause: unknown): ControlFailure {
    return new ControlFailure(
      "silent",
      `${this.#endpoint.label} has not answered within ${Math.round(ms / 1000)} s. Nothing is lost; this works again when it does`,
      { cause },
    );
  }
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly text: string | null;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly isPoll: boolean;
}

interface Answered {
  readonly status: number;
  readonly answer: string;
}

class StaleConnection extends Error {}

/** What the server says, as its callers know it. */
function errorOf({ code, detail }: Problem, server: string): UserError {
  if (code === "unknown-node") return new ControlFailure(code, detail || strangerHere(server));
  if (code === "fenced") return new ControlFailure(code, detail);
  if (code === "too-many") return new UserError("unavailable", detail);
  if (code === "internal")
    return new ControlFailure("faulty", `${server} made a mistake: ${detail}`);
  return new UserError(code, detail);
}

function pathOf(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/:(\w+)/g, (_, param: string) => encodeURIComponent(params[param] ?? ""));
}

async function read(response: IncomingMessage): Promise<string> {
  return (
    await readAll(response, answerLimit, () => new Error("the answer is too long"))
  ).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
