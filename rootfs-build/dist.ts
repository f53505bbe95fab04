import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";

/** Where everything that is built goes. */
export const dist = path.join(import.meta.dirname, "../dist");

/**
 * Lets `make` fill a directory with things of these names, which then take their places in {@link dist}. Whoever uses the
 * last build meanwhile finds it whole: the new one appears only when it is complete.
 */
export async function replaceWhole(
  names: readonly string[],
  make: (work: string) => Promise<void>,
): Promise<void> {
  await mkdir(dist, { recursive: true });
  const work = await mkdtemp(path.join(dist, "building-"));
  try {
    await make(work);
    for (const name of names) {
      const place = path.join(dist, name);
      if (existsSync(place)) await rename(place, path.join(work, `${name}-before`));
      await rename(path.join(work, name), place);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
