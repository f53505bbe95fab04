import { KeyedQueue } from "../../service/keyed-queue.ts";
import { UserError } from "../../service/user-error.ts";
import { nfsSource } from "../nfs/server-label.ts";
import { usualPort } from "../nfs/nfs-url.ts";
import { forVolumes, merged } from "../nfs/volume-mount.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { Attachment } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { ControlFailure } from "./control-failure.ts";
import type { HeldLeases } from "./held-leases.ts";
import type { LeaseServer } from "./lease-keeper.ts";
import type { NfsServer } from "./mount-trouble.ts";
import type { NodeReadiness } from "./node-readiness.ts";
import type { Renewal, Renewed } from "./protocol/lease.ts";
import type { ParamsOf } from "./protocol/params.ts";
import type { AnswerOf, BodyOf, RouteName } from "./protocol/routes.ts";

/** Nobody, and no volume, may ask for less. */
const overTls = ["xprtsec=mtls"];

/** Asks the server as it is known; throws `StorageUnavailable` when it cannot be asked. */
export type Ask = <Name extends RouteName>(
  name: Name,
  params: ParamsOf<Name>,
  body: BodyOf<Name>,
  options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
) => Promise<AnswerOf<Name>>;

/** Holders of an exclusive volume are asked for 6 s before that is refused; 8 s are what an attachment may take. */
const attachMs = 7500;
/** Beyond what a renewal waits. */
const renewMarginMs = 7000;

/** Gets leases and gives them back, and remembers them for when the server cannot be asked. */
export class Leasing implements LeaseServer {
  readonly #ask: Ask;
  readonly #held: HeldLeases;
  readonly #readiness: NodeReadiness;
  readonly #nfs: () => NfsServer | null;
  /** Of each volume one thing is asked after the other: what was granted last is not given back by what was asked before. */
  readonly #turns = new KeyedQueue();

  constructor(ask: Ask, held: HeldLeases, readiness: NodeReadiness, nfs: () => NfsServer | null) {
    this.#ask = ask;
    this.#held = held;
    this.#readiness = readiness;
    this.#nfs = nfs;
  }

  /** What to mount. When the server cannot be asked but serves NFS, it is what was granted and not given back. */
  async get(volume: string, id: string | null, consumers: readonly string[]): Promise<Attachment> {
    const [granted, ready] = await Promise.allSettled([
      this.#turns.run(volume, () => this.#granted(volume, id, consumers)),
      this.#ready(),
    ]);
    if (granted.status === "rejected") return this.#recalled(volume, id, consumers, granted.reason);
    if (ready.status === "fulfilled") return granted.value;
    await this.give(volume).catch(() => {});
    throw ready.reason;
  }

  /** Nothing of it is mounted here any more. A server that cannot be told is told later. */
  async give(volume: string): Promise<void> {
    const lease = this.#held.drop(volume);
    try {
      await this.#turns.run(volume, () => this.#givenBack(volume));
    } catch (error) {
      if (lease?.lost === null && error instanceof StorageUnavailable)
        this.#held.owe(volume, lease);
      throw error;
    }
  }

  /** The record as it was granted, if that may be used although the server cannot be asked; else throws why it was not. */
  async recallRecord(record: VolumeRecord | undefined, error: unknown): Promise<VolumeRecord> {
    const isHeld = record !== undefined && this.#held.recall(record.name, record.id) !== null;
    if (!isHeld || !isSilence(error)) throw error;
    await this.#ready(error);
    return record;
  }

  renew(renewal: Renewal, signal?: AbortSignal): Promise<Renewed> {
    const timeoutMs = renewal.waitMs + renewMarginMs;
    return this.#ask("renew", {}, renewal, { timeoutMs, ...(signal && { signal }) });
  }

  /** For what is in use here already: what it was given stands. */
  async attach(volume: string): Promise<void> {
    const { consumers = [], volumeId = null } = this.#held.get(volume) ?? {};
    const isWanted = (): boolean => this.#held.get(volume) !== null;
    await this.#turns.run(volume, () => this.#granted(volume, volumeId, consumers, isWanted));
  }

  async detach(volume: string): Promise<void> {
    await this.#turns.run(volume, async () => {
      if (this.#held.owed.includes(volume)) await this.#givenBack(volume);
    });
  }

  async #givenBack(volume: string): Promise<void> {
    try {
      await this.#ask("detach", { name: volume }, {});
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "not-found") throw error;
    }
    this.#held.settle(volume);
  }

  async #granted(
    volume: string,
    id: string | null,
    consumers: readonly string[],
    isWanted = (): boolean => true,
  ): Promise<Attachment> {
    const body = { id, consumers: [...consumers] };
    const answer = await this.#ask("attach", { name: volume }, body, { timeoutMs: attachMs });
    const attachment = this.#attachment(answer.path, answer.options);
    if (isWanted()) this.#held.granted(volume, answer.lease.volumeId, attachment, consumers);
    else await this.#givenBack(volume); // while we asked
    return attachment;
  }

  /** By the server's address: mounting it asks no DNS. What the volume says wins over us. */
  #attachment(path: string, options: readonly string[]): Attachment {
    const nfs = this.#nfs();
    if (nfs === null) throw new Error("a lease from a server that was never looked at");
    const port = nfs.port === usualPort ? [] : [`port=${nfs.port}`];
    return {
      type: "nfs4",
      source: nfsSource(nfs.address, path),
      options: merged(forVolumes, ["vers=4.2"], port, options, nfs.tls ? overTls : []),
    };
  }

  async #recalled(
    volume: string,
    id: string | null,
    consumers: readonly string[],
    error: unknown,
  ): Promise<Attachment> {
    const lease = isSilence(error) ? this.#held.recall(volume, id) : null;
    if (lease === null) throw error;
    await this.#ready(error);
    // Where the server is now.
    const { source, ...rest } = lease.attachment;
    const path = source.slice(source.indexOf(":/") + 1);
    const attachment = { ...rest, source: nfsSource(this.#nfs()?.address ?? "", path) };
    this.#held.take(volume, { ...lease, attachment }, consumers);
    return attachment;
  }

  /** Of a server that was never looked at nothing can be said; there `otherwise` is thrown, if it is given. */
  async #ready(otherwise?: unknown): Promise<void> {
    const nfs = this.#nfs();
    if (nfs !== null) await this.#readiness.check(nfs);
    else if (otherwise !== undefined) throw otherwise;
  }
}

/** Whether an error means that the server did not answer, and not that it said no. */
export function isSilence(error: unknown): boolean {
  if (error instanceof ControlFailure) return ["refused", "away", "silent"].includes(error.kind);
  return error instanceof StorageUnavailable;
}
