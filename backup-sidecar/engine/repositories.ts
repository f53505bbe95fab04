import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { messageOf } from "../../service/message-of.ts";
import { RemoteFailure } from "../repository/failure.ts";
import type { Remote } from "../repository/remote.ts";
import type { AppRepository } from "./app-repository.ts";
import { createRepository } from "./creation.ts";
import { look, type Found } from "./detection.ts";
import type { HeldLease } from "./lease.ts";
import { copyOfKeys, type Pin } from "./pins.ts";
import { RepositoryTrouble, type RepositoryState } from "./repository-trouble.ts";
import { ResticRepository } from "./restic-repository.ts";
import type { RepositoryWorld } from "./repository-world.ts";
import { pathOf } from "./runner.ts";
import { rfc3339 } from "../../service/clock.ts";

export interface OpenRequest {
  /** With it a repository is made if there provably was none, and what is known of it is written down. Without: only read. */
  readonly lease?: HeldLease;
  /** An administrator has said that a repository of another storage is this one's from now on. */
  readonly adopt?: boolean;
  readonly signal?: AbortSignal;
}

/** The repositories of all apps of one storage on one server. */
export interface RepositoryPlace {
  /** Looks, and changes nothing anywhere. */
  examine(app: string, signal?: AbortSignal): Promise<RepositoryState>;
  /** Throws {@link RepositoryTrouble} for every state but `ready`, and for `new` without a lease. */
  open(app: string, request?: OpenRequest): Promise<AppRepository>;
}

/** {@link RepositoryPlace} by restic and the bridge. */
export class Repositories implements RepositoryPlace {
  readonly #world: RepositoryWorld;

  constructor(world: RepositoryWorld) {
    this.#world = world;
  }

  async examine(app: string, signal?: AbortSignal): Promise<RepositoryState> {
    return (await this.#look(app, signal)).state;
  }

  async open(app: string, request: OpenRequest = {}): Promise<ResticRepository> {
    const { lease, signal } = request;
    const found = await this.#look(app, signal);
    const { state } = found;
    if (state.kind === "new") {
      if (lease === undefined)
        throw new RepositoryTrouble("new", `app "${app}" was never backed up`);
      return createRepository(this.#world, app, found, lease, signal);
    }
    if (state.kind !== "ready") throw new RepositoryTrouble(state.kind, state.reason);
    const repository = new ResticRepository(app, state.id, this.#world);
    if (lease === undefined) return repository;
    this.#refuseAnothers(app, found, request);
    await this.#pin(app, found.pin, state.id, lease, signal);
    return repository;
  }

  /**
   * Puts back config and keys from our copies where the server has other ones; what is there is put aside, not deleted. Throws
   * {@link RepositoryTrouble} if there is no copy, or if the repository does not open with it.
   */
  async putBack(app: string, lease: HeldLease, signal?: AbortSignal): Promise<ResticRepository> {
    const { pins, remote } = this.#world;
    const pin = await pins.of(app);
    if (pin?.state !== "known" || pin.config === null)
      throw new RepositoryTrouble("damaged", `there is no copy of the config of app "${app}"`);
    await lease.confirm();
    for (const [name, copy] of Object.entries({ config: pin.config, ...withFolder(pin.keys) })) {
      const path = `${pathOf(app)}/${name}`;
      const bytes = Buffer.from(copy, "base64");
      if (await isThere(remote, path, bytes, signal)) continue;
      if ((await remote.stat(path, signal)) !== null)
        await remote.move(path, `.swarmnfs/quarantine/${app}/${lease.counter}/${name}`, signal);
      await remote.write(path, bytes, { size: bytes.length }, signal);
    }
    await this.#world.bridge.forget(pathOf(app));
    return this.open(app, { lease, ...(signal && { signal }) });
  }

  async #look(app: string, signal?: AbortSignal): Promise<Found> {
    try {
      return await look(this.#world, app, signal);
    } catch (error) {
      if (!(error instanceof RemoteFailure)) throw error;
      const reason = messageOf(error);
      return { state: { kind: "unreachable", reason }, pin: null, told: null, leftovers: [] };
    }
  }

  /** Two storages of one name on one server would otherwise write into each other's repositories. */
  #refuseAnothers(app: string, { pin, told }: Found, { adopt }: OpenRequest): void {
    const ours = this.#world.storage;
    const another = told?.storage ?? ours;
    if (adopt === true || pin?.state === "known" || another === ours) return;
    throw new RepositoryTrouble(
      "foreign",
      `the repository of app "${app}" on the backup server belongs to another storage (id ${another}; this one is ${ours}). Give this storage a name of its own (SWARMNFS_STORAGE_NAME), or, if it takes the other's place: swarmnfs backup confirm ${app}`,
    );
  }

  async #pin(
    app: string,
    pin: Pin | null,
    id: string,
    lease: HeldLease,
    signal?: AbortSignal,
  ): Promise<void> {
    if (pin?.state === "known" && pin.config !== null) return;
    await this.noteKeys(app, id, lease, signal);
  }

  /** Copies config and keys as they are now, for {@link putBack}: to be done whenever a password was added or removed. */
  async noteKeys(app: string, id: string, lease: HeldLease, signal?: AbortSignal): Promise<void> {
    const at = rfc3339(this.#world.clock.now());
    const before = await this.#world.pins.of(app);
    const { config, keys } = await copyOfKeys(this.#world.remote, app, signal);
    // A whole copy is not given up for what is damaged on the server by now.
    for (const [name, copy] of Object.entries(keys))
      if (!isWhole(name, copy)) keys[name] = before?.keys[name] ?? copy;
    await lease.confirm();
    await this.#world.pins.write({
      schema: 1,
      app,
      state: "known",
      repository: id,
      at,
      counter: lease.counter,
      config: before?.config ?? config,
      keys,
    });
  }
}

function withFolder(keys: Pin["keys"]): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).map(([name, copy]) => [`keys/${name}`, copy]));
}

/** A key's name is the SHA-256 of what is in it. */
function isWhole(name: string, copy: string): boolean {
  return createHash("sha256").update(Buffer.from(copy, "base64")).digest("hex") === name;
}

async function isThere(
  remote: Remote,
  path: string,
  bytes: Buffer,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await remote.stat(path, signal)) === null) return false;
  return bytes.equals(await buffer(await remote.read(path, undefined, signal)));
}
