import { join } from "node:path";
import { systemClock } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { DirectorySettings } from "../directory/directory-storage.ts";
import { hookCallFolder, metaFolder, rollCallFolder } from "../directory/layout.ts";
import type { Attachment, Catalog, Storage, StorageHealth, Trouble } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { Breaker } from "./breaker.ts";
import { ChildHung, type Command } from "./child.ts";
import { deadlines as usualDeadlines, type Deadline } from "./deadlines.ts";
import { atIdlePriority, Lane } from "./lane.ts";
import { Peek } from "./peek.ts";
import type { Presence } from "./presence.ts";
import { Probe } from "./probe.ts";
import type { Arguments, Method, Result, Welcome } from "./protocol.ts";

export interface GuardedOptions {
  /** What is started as the keeper: `node /app/keeper.mjs`. */
  readonly keeper: Command;
  /** Milliseconds after which a keeper without work ends. */
  readonly idleMs?: number;
  /** Milliseconds between looks at a storage in trouble. */
  readonly probeEveryMs?: number;
  readonly deadlines?: Readonly<Record<Method, Deadline>>;
  /** For a file system that this process has to mount first. */
  readonly presence?: Presence;
  /** Told whenever the storage gets into trouble, its reason changes, or it is well again (null). */
  readonly onChange?: (trouble: Trouble | null) => void;
}

/** Who asks: somebody with work, the probe, or the probe with the question that decides. */
type Asks = "work" | "look" | "verdict";

/** However long it took to make the file system present, a call has this long, in milliseconds. */
const leastMs = 2000;

/**
 * A storage whose file system may hang: all work is done in child processes that can be killed, every call ends by
 * its deadline, and while the storage is known to hang calls fail at once, saying why and since when. Long work has a
 * child of its own at idle priority, so that no walk ever delays a creation.
 */
export class GuardedStorage implements Storage {
  readonly url: string;
  readonly #deadlines: Readonly<Record<Method, Deadline>>;
  readonly #presence: Presence | null;
  readonly #breaker: Breaker;
  readonly #probe: Probe;
  readonly #quick: Lane;
  readonly #long: Lane;
  readonly #peek = new Peek();
  readonly #calls: readonly string[];
  #knownId: string | null = null;
  #listed: { readonly seen: string; readonly catalog: Catalog } | null = null;
  #closed = false;

  constructor(settings: DirectorySettings, options: GuardedOptions) {
    const welcome = (): Welcome => ({ settings, knownId: this.#knownId });
    const idleMs = options.idleMs ?? 30_000;
    this.url = settings.url;
    this.#calls = [rollCallFolder, hookCallFolder].map((name) =>
      join(settings.path, metaFolder, name),
    );
    this.#deadlines = options.deadlines ?? usualDeadlines;
    this.#presence = options.presence ?? null;
    this.#quick = new Lane(options.keeper, welcome, idleMs);
    this.#long = new Lane(atIdlePriority(options.keeper), welcome, idleMs);
    this.#probe = new Probe(() => this.#look(), options.probeEveryMs ?? 3000);
    this.#breaker = new Breaker(settings.url, systemClock, (trouble) => {
      if (trouble === null) this.#probe.stop();
      else if (!this.#closed) this.#probe.start();
      options.onChange?.(trouble);
    });
  }

  /** Why the storage cannot be used now and since when, or null. */
  get trouble(): Trouble | null {
    return this.#breaker.trouble;
  }

  /** Process ids of the keepers that run now: for tests, and for people who look. */
  get keepers(): readonly number[] {
    return [this.#quick, this.#long].flatMap((lane) =>
      lane.child?.alive === true ? (lane.child.pid ?? []) : [],
    );
  }

  async open(knownId: string | null): Promise<{ readonly id: string }> {
    this.#knownId = knownId ?? this.#knownId;
    const opened = await this.#call("open", [this.#knownId]);
    this.#knownId = opened.id;
    return opened;
  }

  /** What has not changed since the last list does not cross from the keeper again. */
  async list(): Promise<Catalog> {
    const kept = this.#listed;
    const { seen, catalog, ...passing } = await this.#call("listSince", [kept?.seen ?? null]);
    const current = catalog ?? kept?.catalog;
    if (current === undefined) throw new Error("a first list was called unchanged");
    this.#listed = seen === null ? null : { seen, catalog: current };
    return { ...current, ...passing };
  }

  get = this.#caller("get");
  create = this.#caller("create");
  adopt = this.#caller("adopt");
  examine = this.#caller("examine");
  update = this.#caller("update");
  remove = this.#caller("remove");
  detach = this.#caller("detach");
  renew = this.#caller("renew");
  getApp = this.#caller("getApp");
  updateApp = this.#caller("updateApp");
  claimApp = this.#caller("claimApp");
  fill = this.#caller("fill");
  beginRestore = this.#caller("beginRestore");
  noteRestore = this.#caller("noteRestore");
  finishRestore = this.#caller("finishRestore");
  abandonRestore = this.#caller("abandonRestore");
  callRoll = this.#caller("callRoll");
  answerRoll = this.#caller("answerRoll");
  rollAnswers = this.#caller("rollAnswers");
  endRoll = this.#caller("endRoll");
  callHooks = this.#caller("callHooks");
  answerHook = this.#caller("answerHook");
  hookAnswers = this.#caller("hookAnswers");
  endHooks = this.#caller("endHooks");
  hookHolders = this.#caller("hookHolders");
  usage = this.#caller("usage");
  trash = this.#caller("trash");
  undelete = this.#caller("undelete");
  purge = this.#caller("purge");
  review = this.#caller("review");
  staging = this.#caller("staging");
  dropStaging = this.#caller("dropStaging");
  reportTurn = this.#caller("reportTurn");
  putReportTurn = this.#caller("putReportTurn");
  housekeep = this.#caller("housekeep");

  async isCalled(): Promise<boolean> {
    if (this.trouble !== null || this.#knownId === null) return false;
    return this.#peek.sees(...this.#calls);
  }

  attach(...args: Arguments<"attach">): Promise<Attachment> {
    return this.#call("attach", args);
  }

  health(): Promise<StorageHealth> {
    return this.#call("health", []);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#probe.stop();
    this.#quick.close();
    this.#long.close();
  }

  #caller<M extends Method>(method: M): (...args: Arguments<M>) => Promise<Result<M>> {
    return (...args) => this.#call(method, args);
  }

  async #call<M extends Method>(method: M, args: Arguments<M>): Promise<Result<M>> {
    this.#breaker.check();
    // What could not be opened would only say that it was not opened.
    if (method !== "open" && this.#knownId === null && this.trouble !== null)
      throw new StorageUnavailable(this.trouble.reason);
    return this.#ask(method, args, "work");
  }

  async #ask<M extends Method>(method: M, args: Arguments<M>, asks: Asks): Promise<Result<M>> {
    const { long = false, kill } = this.#deadlines[method];
    const lane = long ? this.#long : this.#quick;
    const begun = performance.now();
    await this.#present();
    const left = long ? kill : Math.max(leastMs, kill - (performance.now() - begun));
    try {
      // The child answers with what this method of Storage returns.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const result = (await lane.call(method, args, Math.min(kill, left))) as Result<M>;
      this.#breaker.succeeded(asks === "verdict");
      return result;
    } catch (error) {
      if (error instanceof StorageUnavailable) this.#presence?.doubt();
      // It answered; and the probe asks for nothing that a storage could refuse but the storage itself.
      if (error instanceof StorageUnavailable || (asks !== "work" && error instanceof UserError))
        this.#breaker.failed(error.message, asks !== "work");
      if (!(error instanceof ChildHung)) throw error;
      this.#probe.abandoned(error.child);
      // A walk may hang on one bad spot; whether the storage does, a look will tell.
      if (lane === this.#long) void this.#look();
      else {
        this.#presence?.doubt();
        this.#breaker.hung(error.since);
      }
      throw this.#breaker.silent(error.since);
    }
  }

  async #present(): Promise<void> {
    try {
      await this.#presence?.ensure();
    } catch (error) {
      if (error instanceof StorageUnavailable) this.#breaker.away(error.message);
      throw error;
    }
  }

  /** Whether the storage is well: the one that it was, and answering. */
  async #look(): Promise<boolean> {
    try {
      this.#knownId = (await this.#ask("open", [this.#knownId], "look")).id;
      await this.#ask("health", [], "verdict");
      return true;
    } catch {
      return false;
    }
  }
}
