import type { VolumeRecord } from "../storage/records/volume.ts";
import type { Attachment } from "../storage/storage.ts";
import type { Attachments } from "./attachments.ts";
import type { Mounter } from "./mounter.ts";

/** The volumes that are mounted on this node, whoever holds them. What changes one is to be run in that volume's queue. */
export class MountedVolumes {
  readonly #mounter: Mounter;
  readonly #attachments: Attachments;
  #names: Set<string> = new Set();

  constructor(mounter: Mounter, attachments: Attachments) {
    this.#mounter = mounter;
    this.#attachments = attachments;
  }

  /** Takes over what is mounted, and answers it. */
  async adopt(): Promise<ReadonlySet<string>> {
    this.#names = new Set(await this.#mounter.mounted());
    return this.#names;
  }

  /** Those that were mounted or taken away without us. */
  async odd(): Promise<readonly string[]> {
    const found = await this.#mounter.mounted();
    return [...found, ...this.#names].filter(
      (volume) => found.has(volume) !== this.#names.has(volume),
    );
  }

  /** Looks whether it is mounted, takes note of it, and answers it. */
  async check(volume: string): Promise<boolean> {
    const isMounted = (await this.#mounter.mounted()).has(volume);
    if (isMounted) this.#names.add(volume);
    else this.#names.delete(volume);
    return isMounted;
  }

  has(volume: string): boolean {
    return this.#names.has(volume);
  }

  path(volume: string): string {
    return this.#mounter.path(volume);
  }

  /** What is mounted, if it is what the storage would give now; null if that must be asked for. */
  async standing(record: VolumeRecord): Promise<Attachment | null> {
    const { name } = record;
    const given = this.has(name) ? this.#attachments.given(record) : null;
    if (given === null || !(await this.#mounter.proves(name, given))) return null;
    return (await this.#attachments.stands(record)) ? given : null;
  }

  /** Mounts what was given, unless it is proven to be mounted. Rejects with what the failure means to people. */
  async ensure(volume: string, attachment: Attachment): Promise<void> {
    if (this.has(volume) && (await this.#mounter.proves(volume, attachment))) return;
    this.#names.delete(volume);
    await this.#mounter.mount(volume, attachment).catch((error: unknown) => {
      throw this.#attachments.explainMount(error);
    });
    this.#names.add(volume);
  }

  async unmount(volume: string): Promise<void> {
    await this.#mounter.unmount(volume);
    this.#names.delete(volume);
  }
}
