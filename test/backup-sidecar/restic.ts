import path from "node:path";
import { chosenMakers, provideBase } from "../../rootfs-build/base.ts";
import { backupRecipe } from "../../rootfs-build/recipe.ts";

/**
 * The restic of the image, whatever this machine has: a static program, which runs anywhere. Comes from the cache in
 * ~/.cache/swarmnfs, and is made once.
 */
export async function resticOfTheImage(): Promise<string> {
  const { rootfs } = await provideBase(chosenMakers(), backupRecipe);
  return path.join(rootfs, "usr/bin/restic");
}
