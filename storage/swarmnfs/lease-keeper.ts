import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import type { LeaseHolder } from "../lease-holder.ts";
import { StorageUnavailable } from "../unavailable.ts";
import type { HeldLeases } from "./held-leases.ts";
import {
  renewEveryMs,
  type LeaseReply,
  type LeaseRequest,
  type Renewal,
  type Renewed,
} from "./protocol/lease.ts";

/** What the keeper asks of the server. */
export interface LeaseServer {
  renew(renewal: Renewal, signal?: AbortSignal): Promise<Renewed>;
  /** A lease for a volume that is in use here; rejects with why there is none. */
  attach(volume: string): Promise<void>;
  /** Gives back what the server could not be told of. */
  detach(volume: string): Promise<void>;
}

export interface KeeperPatience {
  /** How long a renewal waits for something to say: at least so often all leases are renewed. */
  readonly everyMs: number;
  /** Between two renewals that had nothing to tell, and before another try after a failure. */
  readonly restMs: number;
}

const usualPatience: KeeperPatience = { everyMs: renewEveryMs, restMs: 1000 };
const fencedReason =
  "the storage node has fenced this node: it was silent while another one needed what it had. It is taken back as soon as it has unmounted everything";

/**
 * Renews the leases of this node: one long poll at a time, again and again, and does what the server wants. While the
 * server cannot be asked nothing happens here: what is mounted stays.
 */
export class LeaseKeeper {
  readonly #server: LeaseServer;
  readonly #held: HeldLeases;
  readonly #patience: KeeperPatience;
  readonly #life = new AbortController();
  #holder: LeaseHolder | null = null;
  #replies: LeaseReply[] = [];
  /** Requests that are being answered: a server repeats itself. */
  readonly #answering = new Set<string>();
  /** Of the holder, when the server had said that this node is fenced. */
  #leaving: Promise<void> | null = null;
  /** Everything is unmounted since; the server was not told yet. */
  #hasLeft = false;
  #isFenced = false;

  constructor(server: LeaseServer, held: HeldLeases, patience: KeeperPatience = usualPatience) {
    this.#server = server;
    this.#held = held;
    this.#patience = patience;
  }

  /** The server has shut this node out, by what it said last. */
  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** Begins to renew, for whoever mounts. */
  attend(holder: LeaseHolder): void {
    if (this.#holder !== null) throw new Error("there is a holder already");
    this.#holder = holder;
    void this.#repeat();
  }

  /** One renewal that waits for nothing. */
  async renew(): Promise<void> {
    await this.#round(0);
  }

  stop(): void {
    this.#life.abort();
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#life;
    while (!signal.aborted) {
      try {
        await this.#giveBack();
        const isQuiet = await this.#round(this.#patience.everyMs);
        if (isQuiet) await this.#rest();
      } catch {
        await this.#rest(2);
      }
    }
  }

  async #rest(times = 1): Promise<void> {
    const { signal } = this.#life;
    const ms = this.#patience.restMs * times;
    await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }

  /** Answers whether there was nothing to do. */
  async #round(waitMs: number): Promise<boolean> {
    const replies = [...this.#replies];
    const unfenced = this.#hasLeft;
    // What containers still see of what they had is dead, and asked for again once the node is taken back.
    const signs = unfenced ? [] : this.#held.signs();
    const renewal = { signs, replies, waitMs, unfenced };
    const renewed = await this.#server.renew(renewal, this.#life.signal);
    this.#replies = this.#replies.filter((reply) => !replies.includes(reply));
    this.#isFenced = renewed.fenced;
    if (renewed.fenced) {
      this.#leave(unfenced);
      return true;
    }
    if (unfenced) this.#hasLeft = false;
    await Promise.all(renewed.lost.map((volume) => this.#regain(volume)));
    for (const request of renewed.requests) void this.#heed(request);
    return !renewed.requests.some(({ kind }) => kind === "release");
  }

  /** Unmounts everything, once for each time that this node is fenced. */
  #leave(wasTold: boolean): void {
    // The server may have fenced it again since it was told.
    if (wasTold) this.#hasLeft = false;
    if (this.#hasLeft || this.#leaving !== null) return;
    this.#leaving = this.#unmountAll().finally(() => (this.#leaving = null));
  }

  async #unmountAll(): Promise<void> {
    this.#held.loseAll(fencedReason);
    await this.#holder?.fenced(fencedReason);
    this.#hasLeft = true;
  }

  /** What is used here and has no lease: asked for again, or told. */
  async #regain(volume: string): Promise<void> {
    if (this.#held.get(volume) === null) return; // given back meanwhile
    try {
      await this.#server.attach(volume);
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof StorageUnavailable) return; // the next renewal says it again
      if (this.#held.lose(volume, error.message)) await this.#holder?.lost(volume, error.message);
    }
  }

  async #heed(request: LeaseRequest): Promise<void> {
    if (this.#answering.has(request.id)) return;
    this.#answering.add(request.id);
    try {
      this.#replies.push(await this.#replyTo(request));
      if (request.kind === "release") await this.#round(0); // somebody waits for it
    } catch {
      // The reply goes with the next renewal.
    } finally {
      this.#answering.delete(request.id);
    }
  }

  async #replyTo(request: LeaseRequest): Promise<LeaseReply> {
    if (request.kind === "changed") {
      this.#holder?.changed();
      return { request: request.id, outcome: "done", consumers: [] };
    }
    const release = await this.#release(request.volume);
    return release.released
      ? { request: request.id, outcome: "released", consumers: [] }
      : { request: request.id, outcome: "in-use", consumers: [...release.consumers] };
  }

  async #release(volume: string): ReturnType<LeaseHolder["release"]> {
    if (this.#holder === null) return { released: this.#held.get(volume) === null, consumers: [] };
    try {
      return await this.#holder.release(volume);
    } catch (error) {
      return { released: false, consumers: [`nobody can tell: ${messageOf(error)}`] };
    }
  }

  async #giveBack(): Promise<void> {
    // Its failure must not keep the others from being renewed.
    for (const volume of this.#held.owed) await this.#server.detach(volume).catch(() => {});
  }
}
