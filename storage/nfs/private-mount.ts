import { mkdir, readFile } from "node:fs/promises";
import { runBounded } from "../mounting/bounded-command.ts";
import { parseMountinfo, topmostAt } from "../mounting/mountinfo.ts";
import type { Attachment } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";

/** The source name of the empty tmpfs under the mount. */
const cover = "swarmnfs-cover";
/** A cover and the mount itself; more than this is a loop. */
const mostLayers = 16;
/** How long one mount or unmount may take, in milliseconds: callers wait for less, and a busy machine needs seconds. */
const boundMs = 15_000;

export interface MountEffects {
  /** /proc/self/mountinfo. */
  table(): Promise<string>;
  makeDirectory(path: string): Promise<void>;
  /** Throws `CommandFailed`. */
  run(command: "mount" | "umount", args: readonly string[], boundMs: number): Promise<void>;
}

export const systemMountEffects: MountEffects = {
  table: () => readFile("/proc/self/mountinfo", "utf8"),
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  run: runBounded,
};

/**
 * One mount at one place, over an empty read-only tmpfs: where nothing is mounted nothing can be written, so that an
 * empty place never passes for a new storage. Nothing here looks into the place, which may hang.
 */
export class PrivateMount {
  readonly place: string;
  readonly #effects: MountEffects;

  /** `place` is an absolute path without symlinks, made where it is missing. */
  constructor(place: string, effects: MountEffects) {
    this.place = place;
    this.#effects = effects;
  }

  /** Whether a path at the place reaches exactly this. */
  async proves(attachment: Attachment): Promise<boolean> {
    const top = await this.#top();
    return (
      top !== null &&
      top.type === attachment.type &&
      top.source === attachment.source &&
      ["nosuid", "nodev", "noexec"].every((option) => top.options.includes(option))
    );
  }

  /** Takes away what is there, mounts, and proves it. Throws `CommandFailed` or `unavailable`, with the cover alone left. */
  async mount(attachment: Attachment): Promise<void> {
    const { place } = this;
    await this.clear();
    await this.#effects.makeDirectory(place);
    await this.#mount(["-t", "tmpfs", "-o", "ro,size=4k,mode=000", cover, place]);
    const options = ["nosuid", "nodev", ...attachment.options].join(",");
    await this.#mount(["-t", attachment.type, "-o", options, attachment.source, place]);
    if (await this.proves(attachment)) return;
    throw new StorageUnavailable(
      `${attachment.source} was mounted, and something else is in its place now. Somebody else mounts at ${place}: leave it to swarmnfs`,
    );
  }

  /** Lazily, and without umount.nfs4: what hangs in a dead mount keeps it for itself, and nobody is asked. */
  async clear(): Promise<void> {
    for (let layer = 0; (await this.#top()) !== null; layer += 1) {
      if (layer === mostLayers) throw new Error(`${this.place} stays mounted`);
      const args = ["--no-canonicalize", "--internal-only", "--lazy", this.place];
      await this.#effects.run("umount", args, boundMs);
    }
  }

  #mount(args: readonly string[]): Promise<void> {
    return this.#effects.run("mount", args, boundMs);
  }

  async #top(): Promise<ReturnType<typeof topmostAt>> {
    return topmostAt(parseMountinfo(await this.#effects.table()), this.place);
  }
}
