import type { Clock } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { Breaker } from "../keeper/breaker.ts";
import { Probe } from "../keeper/probe.ts";
import type { Trouble } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";
import type { CallOptions } from "./control-client.ts";
import { ControlFailure } from "./control-failure.ts";
import type { Membership } from "./membership.ts";
import type { ParamsOf } from "./protocol/params.ts";
import type { AnswerOf, BodyOf, RouteName } from "./protocol/routes.ts";

/** Milliseconds between looks at a server in trouble. */
const usualProbeMs = 3000;
/** How long a look may take, milliseconds. */
const lookMs = 5000;
/** What asks the whole storage: that it is unavailable is no matter of one volume. */
const ofTheWhole: ReadonlySet<RouteName> = new Set(["storage", "health", "catalog", "trash"]);

export interface WatchedOptions {
  readonly probeEveryMs?: number;
  /** Told whenever the server gets into trouble, its reason changes, or it is well again (null). */
  readonly onChange?: (trouble: Trouble | null) => void;
}

/**
 * The control API of a server that may be away: every call ends by its deadline, and while it is known that there is no way
 * to it calls fail at once, saying why and since when, until a look found it well. One that refuses connections says so at
 * once, and is asked again each time: so its return is not waited for.
 */
export class WatchedControl {
  readonly #member: Membership;
  readonly #breaker: Breaker;
  readonly #probe: Probe;
  #isClosed = false;

  constructor(url: string, member: Membership, clock: Clock, options: WatchedOptions = {}) {
    this.#member = member;
    this.#probe = new Probe(() => this.#look(), options.probeEveryMs ?? usualProbeMs);
    this.#breaker = new Breaker(url, clock, (trouble) => {
      if (trouble === null) this.#probe.stop();
      else if (!this.#isClosed) this.#probe.start();
      options.onChange?.(trouble);
    });
  }

  get trouble(): Trouble | null {
    return this.#breaker.trouble;
  }

  /** Throws what the server says as `UserError`, and `StorageUnavailable` when it as a whole cannot be asked. */
  async ask<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
    options: CallOptions,
  ): Promise<AnswerOf<Name>> {
    this.#breaker.check();
    return this.#ask(name, params, body, options, false);
  }

  /** The same without regard to what is known, for what is asked again and again anyway. */
  insist<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
    options: CallOptions,
  ): Promise<AnswerOf<Name>> {
    return this.#ask(name, params, body, options, false);
  }

  close(): void {
    this.#isClosed = true;
    this.#probe.stop();
    this.#member.close();
  }

  async #ask<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
    options: CallOptions,
    isVerdict: boolean,
  ): Promise<AnswerOf<Name>> {
    try {
      const client = await this.#member.client();
      const answer = await client.call(name, params, body, options);
      this.#breaker.succeeded(isVerdict);
      return answer;
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      throw this.#noted(error, name, isVerdict);
    }
  }

  #noted(error: unknown, name: RouteName, isVerdict: boolean): unknown {
    if (!(error instanceof UserError)) return error;
    if (error instanceof ControlFailure) {
      this.#fail(error, isVerdict);
      return error;
    }
    if (error instanceof StorageUnavailable) {
      this.#breaker.away(error.message); // nobody knows where it is
      return error;
    }
    if (error.code !== "unavailable" || !ofTheWhole.has(name)) {
      this.#breaker.succeeded(false);
      return error;
    }
    this.#breaker.failed(error.message, isVerdict);
    return new StorageUnavailable(error.message, { cause: error });
  }

  #fail({ kind, message }: ControlFailure, isVerdict: boolean): void {
    if (kind === "away" || kind === "silent") this.#breaker.away(message);
    else this.#breaker.failed(message, isVerdict);
    if (kind === "unknown-node" || kind === "stranger") this.#member.doubt();
  }

  /** Whether the server is well. */
  async #look(): Promise<boolean> {
    const options = { timeoutMs: lookMs };
    try {
      await this.#ask("storage", {}, undefined, options, false);
      await this.#ask("health", {}, undefined, options, true);
      return true;
    } catch {
      return false;
    }
  }
}
