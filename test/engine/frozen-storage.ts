import type { PrivateEngine } from "../../engine-box/private-engine.ts";
import { until } from "./engine-under-test.ts";

/** Where the plugin is told to keep volumes: a file system in user space that shows {@link disk}. */
export const place = "/srv/swarm";
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

  /** Makes the disk, with room for `size`, and shows it. */
  async make(size: string): Promise<void> {
    await this.#sh(
      `mount -t tmpfs srv /srv && mkdir ${disk} ${place} && mount -t tmpfs -o size=${size} disk ${disk}`,
    );
    await this.show();
  }

  /** Mounts the file system at its place. */
  async show(): Promise<void> {
    await this.#engine.launch("bindfs", "bindfs", "-f", disk, place);
    await until("the file system is mounted", async () => {
      const { stdout } = await this.#engine.run("cat", ["/proc/self/mountinfo"]);
      return stdout.includes(` ${place} `);
    });
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
    await this.#sh(`pkill -${signal} --full "^bindfs -f ${disk} ${place}$"`);
  }
}
