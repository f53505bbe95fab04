import { request as httpRequest } from "node:http";
import { UserError } from "../service/user-error.ts";
import type { Verb, VerbFailure, Verbs } from "../storage/verbs.ts";
import { codeOf, mayNot } from "./plugin-socket.ts";
import type { Progress } from "./progress.ts";
import { messageOf } from "../service/message-of.ts";

/** The plugin of this node. */
export interface Plugin {
  /**
   * Asks one verb; `doing` says in words what is waited for. Throws {@link PluginFailure} with the plugin's own
   * message, `UserError` (unavailable, denied) when it cannot be reached or is silent.
   */
  ask<V extends Verb>(
    verb: V,
    request: Verbs[V]["request"],
    doing: string,
  ): Promise<Verbs[V]["answer"]>;
}

/** The plugin answered, and said no. `code` is its own: a `UserErrorCode`, or `internal`. */
export class PluginFailure extends Error {
  override readonly name = "PluginFailure";
  readonly code: string;

  constructor(failure: VerbFailure) {
    super(failure.message);
    this.code = failure.code;
  }
}

export interface PluginClientSettings {
  findSocket(): Promise<string>;
  readonly isRoot: boolean;
  readonly progress: Progress;
  /** Milliseconds a request may take. Doctor tries things that have bounds of their own. */
  readonly limits: { readonly doctor: number; readonly other: number };
}

export const requestLimits = { doctor: 60_000, other: 30_000 };

/** They wait for others that are slow: Docker counts what it keeps by walking over it. */
const slowVerbs: ReadonlySet<Verb> = new Set<Verb>([
  "Doctor",
  "Staging",
  "RemoveStaging",
  "DockerWaste",
  "RemoveWaste",
]);

/** More than a hundred thousand volumes need; a plugin that sends more is not ours. */
const answerLimit = 256 * 1024 * 1024;

export class PluginClient implements Plugin {
  readonly #settings: PluginClientSettings;
  #socket: Promise<string> | null = null;

  constructor(settings: PluginClientSettings) {
    this.#settings = settings;
  }

  ask<V extends Verb>(
    verb: V,
    request: Verbs[V]["request"],
    doing: string,
  ): Promise<Verbs[V]["answer"]> {
    return this.#settings.progress.during(doing, this.#ask(verb, request, doing));
  }

  async #ask<V extends Verb>(
    verb: V,
    request: Verbs[V]["request"],
    doing: string,
  ): Promise<Verbs[V]["answer"]> {
    this.#socket ??= this.#settings.findSocket();
    const socket = await this.#socket;
    const { doctor, other } = this.#settings.limits;
    const limit = slowVerbs.has(verb) ? doctor : other;
    const { status, body } = await this.#post(socket, verb, JSON.stringify(request), limit).catch(
      (error: unknown) => {
        throw this.#explain(error, socket, doing, limit);
      },
    );
    const answer = parse(body);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are made from the same `Verbs`
    if (status === 200 && answer !== null) return answer as Verbs[V]["answer"];
    throw refusal(status, answer, verb);
  }

  #post(
    socketPath: string,
    verb: Verb,
    body: string,
    limit: number,
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      };
      const options = {
        agent: false as const,
        socketPath,
        path: `/Swarmnfs.${verb}`,
        method: "POST",
        headers,
        signal: AbortSignal.timeout(limit),
      };
      const request = httpRequest(options, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > answerLimit) response.destroy(new Error("the answer is too long"));
          chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  #explain(error: unknown, socket: string, doing: string, limit: number): Error {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM") return mayNot(this.#settings.isRoot);
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK") {
      const found = code === "ENOENT" ? "there is no such socket" : "nobody listens there";
      return new UserError(
        "unavailable",
        `the plugin does not answer at ${socket}: ${found}. It should be installed and enabled. See what Docker has: docker plugin ls`,
      );
    }
    if (code === "ABORT_ERR" || (error instanceof Error && error.name === "TimeoutError")) {
      return new UserError(
        "unavailable",
        `the plugin has not answered within ${limit / 1000} s (${doing}). What was asked for may still happen; look again before asking twice. ` +
          "Its log says more: journalctl -u docker",
      );
    }
    return new UserError(
      "unavailable",
      `the plugin broke off (${doing}): ${messageOf(error)}. Docker starts it again by itself; try again in a moment.`,
      { cause: error },
    );
  }
}

function parse(body: string): object | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function refusal(status: number, answer: unknown, verb: Verb): Error {
  if (isFailure(answer)) return new PluginFailure(answer);
  if (status === 404) {
    return new UserError(
      "unsupported",
      `the plugin of this node does not know ${verb}: it is older than this command. Upgrade it, or use the command that came with it.`,
    );
  }
  return new UserError(
    "unavailable",
    "what answered is not a swarmnfs plugin this command understands. Both should be of the same release: compare swarmnfs version with docker plugin ls",
  );
}

function isFailure(answer: unknown): answer is VerbFailure {
  return (
    typeof answer === "object" &&
    answer !== null &&
    "code" in answer &&
    typeof answer.code === "string" &&
    "message" in answer &&
    typeof answer.message === "string"
  );
}
