import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { StateFile } from "../../service/state-file.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { NodeIdentity, Storage } from "../../storage/storage.ts";
import { Call } from "../call.ts";
import type { CatalogCopy } from "../catalog-copy.ts";
import type { Driver } from "../driver.ts";
import type { ThrowAway } from "./throw-away.ts";

const schema = z.looseObject({ schema: z.literal(1), volumes: z.array(z.string()) });

export interface ScratchParts {
  readonly storage: Storage;
  readonly driver: Driver;
  readonly catalog: CatalogCopy;
  readonly node: NodeIdentity;
  readonly throwAway: ThrowAway;
  readonly log: Log;
}

/**
 * Volumes made to be measured on and removed, so that no app's files are touched. Which ones there are is written down before
 * they are made, `bench.json` in the state directory: what a run that was killed left behind is found by it, and no volume
 * of anybody else is ever taken for one.
 */
export class ScratchVolumes {
  readonly #file: StateFile<z.infer<typeof schema>>;
  readonly #parts: ScratchParts;

  private constructor(file: StateFile<z.infer<typeof schema>>, parts: ScratchParts) {
    this.#file = file;
    this.#parts = parts;
  }

  static async open(
    directory: string,
    parts: ScratchParts,
    onDamage: (setAside: string, reason: string) => void,
  ): Promise<ScratchVolumes> {
    const initial = { schema: 1 as const, volumes: [] };
    return new ScratchVolumes(
      await StateFile.open(join(directory, "bench.json"), schema, initial, onDamage),
      parts,
    );
  }

  /** Of runs that are over, and of one that is not. */
  get names(): readonly string[] {
    return [...this.#file.data.volumes];
  }

  /**
   * A volume of the same app and owner as `model`, with these mount options, not backed up; of that size where the app's
   * volumes must have one. Throws `UserError`, as the creation of any volume does.
   */
  async make(
    model: VolumeRecord,
    mountOptions: readonly string[],
    size: number | null,
  ): Promise<VolumeRecord> {
    const name = `swarmnfs-bench-${randomBytes(4).toString("hex")}`;
    const { driver, catalog, log } = this.#parts;
    this.#file.data.volumes.push(name);
    await this.#file.save();
    const { uid, gid } = model.owner;
    await driver.create(name, {
      app: model.app,
      access: "shared",
      mode: "0700",
      backup: "off",
      "on-remove": "delete",
      ...(uid === 0 && gid === 0 ? {} : { uid: String(uid), gid: String(gid) }),
      ...(model.squash === null ? {} : { squash: model.squash }),
      ...(size === null ? {} : { size: String(size) }),
      ...(mountOptions.length === 0 ? {} : { "mount-options": mountOptions.join(",") }),
    });
    log.info({ audit: "bench", volume: name, app: model.app }, "a scratch volume was made");
    const record = catalog.volume(name);
    if (record === null) throw new Error(`${name} is gone right after it was made`);
    return record;
  }

  /**
   * Removes one, and destroys what it held where this node may; else that stays in the trash for a day. Answers what is
   * left, in words, or null. Throws `UserError` when it could not be removed; it is tried again later then.
   */
  async discard(name: string): Promise<string | null> {
    const { storage, driver, catalog, node, throwAway, log } = this.#parts;
    await throwAway.removeVolume(name);
    // Of one that never came to a container the engine knows nothing.
    if ((await storage.get(name)) !== null)
      await driver.remove(name, new Call(performance.now())).catch(unlessGone);
    catalog.drop(name);
    const left = await this.#purge(name, storage, node);
    this.#file.data.volumes = this.#file.data.volumes.filter((each) => each !== name);
    await this.#file.save();
    log.info({ audit: "bench", volume: name }, "a scratch volume was taken away");
    return left;
  }

  async #purge(name: string, storage: Storage, node: NodeIdentity): Promise<string | null> {
    try {
      const entries = (await storage.trash()).filter(({ record }) => record.volume.name === name);
      const ids = entries.map(({ id }) => id);
      if (ids.length > 0) await storage.purge(ids, node);
      return null;
    } catch (error) {
      return `"${name}", without its files, is in the trash until tomorrow: ${messageOf(error)}`;
    }
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof UserError) || error.code !== "not-found") throw error;
}
