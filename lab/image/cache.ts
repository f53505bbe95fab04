import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import process from "node:process";

const week = 7 * 24 * 3_600_000;

/** Folders that are not whole yet; what a power cut left of them is swept with the rest. */
const unfinished = "lab-making";

/** Where images lie: the user's cache, shared by all clones of the project. */
export const cacheFolder = path.join(
  process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"),
  "swarmnfs",
);

/** Names a thing by what it is made of. */
export function keyOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
}

/**
 * The folder `<kind>-<key>` of the cache; if it is missing, `make` fills it first. It appears only when it is whole.
 * Others of its kind go when nobody asked for them for a week.
 */
export async function cached(
  kind: string,
  key: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = path.join(cacheFolder, `${kind}-${key}`);
  if (existsSync(folder)) {
    await utimes(folder, new Date(), new Date());
    return folder;
  }
  await mkdir(cacheFolder, { recursive: true });
  const making = await mkdtemp(path.join(cacheFolder, `${unfinished}-`));
  // Ctrl-C in the middle must not leave gigabytes behind.
  const forget = (): void => rmSync(making, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", forget);
  try {
    await make(making);
    await rename(making, folder);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    // Somebody else may have made the same meanwhile.
    if (!existsSync(folder)) throw error;
  } finally {
    process.off("exit", forget);
  }
  await sweep(kind, folder);
  return folder;
}

async function sweep(kind: string, present: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const folder = path.join(cacheFolder, name);
    const isOfKind = [kind, unfinished].some((each) => name.startsWith(`${each}-`));
    if (!isOfKind || folder === present) continue;
    if (Date.now() - (await stat(folder)).mtimeMs > week)
      await rm(folder, { recursive: true, force: true });
  }
}
