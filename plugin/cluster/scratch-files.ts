import { join } from "node:path";
import process from "node:process";
import { CommandFailed, readBounded } from "../../storage/mounting/bounded-command.ts";

/** Small files in a mounted volume. Everything may reject, and none of it hangs. */
export interface ScratchFiles {
  /** On the storage when it settles. `name` is one step. */
  write(directory: string, name: string, text: string): Promise<void>;
  read(directory: string, name: string): Promise<string>;
}

/** Starting Node.js and a file of some bytes, on a slow machine and a busy storage. Milliseconds. */
const boundMs = 15_000;

/** By a child for each, since a volume whose storage hangs takes with it whoever touches it. */
export const childScratchFiles: ScratchFiles = {
  write: async (directory, name, text) => {
    await run("write", directory, name, text);
  },
  read: (directory, name) => run("read", directory, name),
};

async function run(...args: string[]): Promise<string> {
  const program = import.meta.filename.endsWith(".ts") ? "scratch-main.ts" : "scratch.mjs";
  const script = join(import.meta.dirname, program);
  try {
    return await readBounded(process.execPath, [script, ...args], boundMs);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const silence = `The volume did not answer within ${boundMs / 1000} s`;
    throw new Error(error.timedOut ? silence : error.reason, { cause: error });
  }
}
