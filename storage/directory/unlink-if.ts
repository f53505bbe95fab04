import { v7 as uuid } from "uuid";
import type { Directory } from "./confined.ts";
import type { FolderChange } from "./record-file.ts";
import type { Layout } from "./layout.ts";

/**
 * Removes a file of ours if it is the one that is meant; returns whether it was. Between a look at a file and its
 * unlink(2) another may come to stand in its place, so it is moved to `tmp` first and looked at there. What is not
 * meant is put back by link(2), which never replaces a still newer one.
 */
export async function unlinkIf(
  layout: Layout,
  folder: Directory,
  file: string,
  isMeant: (tmp: Directory, as: string) => Promise<boolean>,
  change: FolderChange = (_folder, call) => call(),
): Promise<boolean> {
  const tmp = await layout.folder("tmp");
  const aside = uuid();
  if (!(await change(folder, () => folder.rename(file, tmp, aside)))) return false;
  const meant = await isMeant(tmp, aside).catch(async (error: unknown) => {
    await change(folder, () => tmp.link(aside, folder, file));
    await tmp.unlink(aside);
    throw error;
  });
  if (!meant) await change(folder, () => tmp.link(aside, folder, file));
  await tmp.unlink(aside);
  return meant;
}
