import type { PrivateEngine } from "../../engine-box/private-engine.ts";

/** What the plugin is told to keep volumes in, as `docker plugin set` takes it. */
export const settings = { SWARMNFS_STORAGE: "dir:///srv/swarm", "storage.source": "/srv" };
/** Where the plugin is told to keep volumes: a file system in user space that shows {@link disk}. */
const place = "/srv/swarm";
/** What lies behind it: a small file system of its own. */
export const disk = "/srv/disk";

/**
 * A storage on the engine's machine that can be hurt: a small disk, seen through a file system in user space (bindfs)
 * which can be told to stop answering, and to die. All of it is below `/srv`, which is seen by this machine alone.
 */
export class FrozenStorage {
  readonly #engine: PrivateEngine;

  constructor(engine: PrivateEngine) {
    this.#engine = engine;
  }

  /**
   * Makes the disk, with room for `size`, and shows it. As on a machine with one disk, what is mounted later below `/srv`
   * is not passed on to who looks at it already; `passesOn` makes it so.
   */
  async make(size: string): Promise<void> {
    await this.#sh(
      `mount -t tmpfs srv /srv && mount --make-private /srv && mkdir ${disk} ${place}`,
    );
    await this.#sh(`mount -t tmpfs -o size=${size} disk ${disk}`);
    await this.show();
  }

  async passesOn(): Promise<void> {
    await this.#sh("mount --make-shared /srv");
  }

  /** Mounts the file system at its place. Its process is the machine's own: a frozen one of ours would freeze us. */
  async show(): Promise<void> {
    await this.#sh(`bindfs ${disk} ${place}`);
  }

  /** After its death: takes the mount away and mounts it anew, as an administrator would. */
  async showAgain(): Promise<void> {
    await this.#sh(`umount --lazy ${place}`);
    await this.show();
  }

  /** From now on whoever touches the storage waits, in a way that no signal ends. */
  freeze(): Promise<void> {
    return this.#signal("STOP");
  }

  thaw(): Promise<void> {
    return this.#signal("CONT");
  }

  /** Its process dies: "Transport endpoint is not connected" for everybody, and the mount stays. */
  die(): Promise<void> {
    return this.#signal("KILL");
  }

  /** Runs a line of shell on the engine's machine. */
  async #sh(line: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#engine.run("sh", ["-c", line]);
    if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
    return stdout;
  }

  async #signal(signal: string): Promise<void> {
    await this.#sh(`pkill -${signal} --full "^bindfs ${disk} ${place}$"`);
  }
}
