import path from "node:path";
import { parseMountinfo } from "../../storage/mounting/mountinfo.ts";
import type { ShownVolume, PseudoRoot } from "../exports/pseudo-root.ts";

export interface ShownWorld {
  readonly root: Pick<PseudoRoot, "path" | "show" | "hide">;
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

  constructor(world: ShownWorld) {
    this.#world = world;
  }

  /** Names of those that are not, in this look and in the one before: one that is being granted has its mount soon. */
  async missing(): Promise<readonly string[]> {
    const names = (await this.#look()).map(({ volume }) => volume);
    this.#sure = new Set(names.filter((name) => this.#suspects.has(name)));
    this.#suspects = new Set(names);
    return [...this.#sure];
  }

  /** Mounts them anew. Throws for the first that cannot be. */
  async restore(): Promise<void> {
    const { root } = this.#world;
    const missing = (await this.#look()).filter(({ volume }) => this.#sure.has(volume));
    // They are remembered as proved, and would not be looked at again.
    for (const { volume } of missing) await root.hide(volume);
    for (const failure of (await root.show(missing)).values()) throw failure;
  }

  async #look(): Promise<readonly ShownVolume[]> {
    const { root, mountinfo, wanted } = this.#world;
    const places = new Set(parseMountinfo(await mountinfo()).map(({ mountPoint }) => mountPoint));
    const volumes = new Map(wanted().map((each) => [each.volume, each]));
    return [...volumes.values()].filter(({ volume }) => !places.has(path.join(root.path, volume)));
  }
}
