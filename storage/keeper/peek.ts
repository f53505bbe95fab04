import { CommandFailed, runBounded } from "../mounting/bounded-command.ts";

/** How long a look may take, and how long none is begun after one that hung, milliseconds. */
const lookMs = 2000;
const restMs = 300_000;

/**
 * Looks whether something is there on a file system that may hang, by a program of its own: a keeper need not be started
 * for it, and what hangs is nobody's thread.
 */
export class Peek {
  #isLooking = false;
  #notBefore = -Infinity;

  /** Whether one of them is there. False also where that could not be found out. Paths are absolute. */
  async sees(...paths: readonly string[]): Promise<boolean> {
    if (this.#isLooking || performance.now() < this.#notBefore) return false;
    this.#isLooking = true;
    try {
      // Of what the plugin's image has, the least that touches a path and says whether it is there.
      await runBounded("getfattr", ["--absolute-names", "--", ...paths], lookMs);
      return true;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      if (error.timedOut || error.missing) this.#notBefore = performance.now() + restMs;
      // It goes on after one that is missing, and names each of them.
      const missing = error.reason
        .split("\n")
        .filter((line) => line.endsWith("No such file or directory"));
      return (
        !error.timedOut && !error.missing && missing.length < paths.length && missing.length > 0
      );
    } finally {
      this.#isLooking = false;
    }
  }
}
