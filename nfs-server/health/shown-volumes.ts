import path from "node:path";
import { mountOf, parseMountinfo } from "../../storage/mounting/mountinfo.ts";
import type { ShownVolume, PseudoRoot } from "../exports/pseudo-root.ts";

export interface ShownWorld {
  readonly root: Pick<PseudoRoot, "path" | "show" | "hide" | "doubt">;
  /** The data disk's directory, without symlinks. */
  readonly data: string;
  /** Tells the kernel where they are now. */
  readonly tell: () => Promise<void>;
  /** /proc/self/mountinfo. */
  readonly mountinfo: () => Promise<string>;
  /** Volumes that somebody may have now. */
  readonly wanted: () => readonly ShownVolume[];
}

/** Whether every volume that somebody may have is really mounted where the kernel shows it. */
export class ShownVolumes {
  readonly #world: ShownWorld;
  #suspects: ReadonlySet<string> = new Set();
  #sure: ReadonlySet<string> = new Set();
  /** The file system that the data lie on; null before the first look. */
  #device: string | null = null;
  /** Another one lies there now, and not all that is shown was proved to be of that. */
  #isDoubtful = false;

  constructor(world: ShownWorld) {
    this.#world = world;
  }

  /**
   * Names of those that are not, in this look and in the one before: one that is being granted has its mount soon. When
   * another disk lies under the data than before, what is shown is proved anew, and replaced if it is of the former one.
   */
  async missing(): Promise<readonly string[]> {
    const wrong = await this.#prove();
    const names = (await this.#look()).map(({ volume }) => volume);
    this.#sure = new Set(names.filter((name) => this.#suspects.has(name)));
    this.#suspects = new Set(names);
    return [...new Set([...this.#sure, ...wrong])];
  }

  /** Mounts them anew. Throws for the first that cannot be. */
  async restore(): Promise<void> {
    const { root } = this.#world;
    const missing = (await this.#look()).filter(({ volume }) => this.#sure.has(volume));
    // They are remembered as proved, and would not be looked at again.
    for (const { volume } of missing) await root.hide(volume);
    for (const failure of (await root.show(missing)).values()) throw failure;
  }

  /** Names of those that cannot be proved now: clients go on with what they have. */
  async #prove(): Promise<readonly string[]> {
    const { root, data, mountinfo, wanted, tell } = this.#world;
    const device = mountOf(parseMountinfo(await mountinfo()), data)?.device ?? null;
    const isAnother = this.#device !== null && device !== this.#device;
    this.#device = device;
    if (isAnother) root.doubt();
    this.#isDoubtful ||= isAnother;
    if (!this.#isDoubtful) return [];
    const failures = await root.show(wanted());
    await tell();
    this.#isDoubtful = failures.size > 0;
    return [...failures.keys()];
  }

  async #look(): Promise<readonly ShownVolume[]> {
    const { root, mountinfo, wanted } = this.#world;
    const places = new Set(parseMountinfo(await mountinfo()).map(({ mountPoint }) => mountPoint));
    const volumes = new Map(wanted().map((each) => [each.volume, each]));
    return [...volumes.values()].filter(({ volume }) => !places.has(path.join(root.path, volume)));
  }
}
