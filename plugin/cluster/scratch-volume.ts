import { randomBytes } from "node:crypto";
import { scratchOptions } from "../../storage/rules/scratch-name.ts";
import { Call } from "../call.ts";
import type { CatalogCopy } from "../catalog-copy.ts";
import type { Driver } from "../driver.ts";
import type { Mounts } from "../mounts.ts";
import type { ScratchFiles } from "./scratch-files.ts";

export interface ScratchParts {
  readonly driver: Pick<Driver, "create" | "mount" | "unmount">;
  readonly mounts: Pick<Mounts, "collect">;
  readonly catalog: Pick<CatalogCopy, "drop">;
  readonly files: ScratchFiles;
}

/** A volume for files that go from node to node, mounted as every volume is: the same rules, lease and guard. */
export class ScratchVolume {
  readonly #parts: ScratchParts;
  readonly #volume: string;
  readonly #id = randomBytes(32).toString("hex");
  #path: string | null = null;

  constructor(parts: ScratchParts, volume: string) {
    this.#parts = parts;
    this.#volume = volume;
  }

  /** Rejects with why it cannot be made. */
  make(): Promise<void> {
    return this.#parts.driver.create(this.#volume, scratchOptions);
  }

  /** Rejects with why it cannot be mounted, or written. */
  async write(name: string, text: string): Promise<void> {
    await this.#parts.files.write(await this.#mounted(), name, text);
  }

  async read(name: string): Promise<string> {
    return this.#parts.files.read(await this.#mounted(), name);
  }

  /** Unmounts it, without the wait that spares containers a new mount, and forgets it. Never rejects. */
  async giveBack(): Promise<void> {
    const { driver, mounts, catalog } = this.#parts;
    this.#path = null;
    try {
      await driver.unmount(this.#volume, this.#id);
      await mounts.collect(this.#volume);
    } catch {
      // What stays mounted is unmounted by the rounds, and the storage takes the volume away then.
    }
    catalog.drop(this.#volume);
  }

  async #mounted(): Promise<string> {
    const { driver } = this.#parts;
    this.#path ??= await driver.mount(this.#volume, this.#id, new Call(performance.now()));
    return this.#path;
  }
}
