import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { outcomeOf } from "./outcome.ts";
import { enginesFolder } from "./private-engine.ts";

const hour = 3_600_000;

/** Removes templates of earlier builds, and engines whose end nobody could tidy up (a power cut): nothing in use. */
export async function sweepLeftovers(): Promise<void> {
  for (const name of await readdir(enginesFolder)) {
    const folder = path.join(enginesFolder, name);
    // Young ones may be read by somebody who tests the build before.
    const age = Date.now() - (await stat(folder)).mtimeMs;
    if (age > hour && (name.startsWith("template-") || (await isAbandoned(folder)))) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** box.sh holds this lock for as long as a box lives. */
async function isAbandoned(folder: string): Promise<boolean> {
  const lock = path.join(folder, "lock");
  if (!existsSync(lock)) return false;
  return (await outcomeOf("flock", ["--nonblock", lock, "true"])).exitCode === 0;
}
