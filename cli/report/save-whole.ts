import { lstat, writeFile } from "node:fs/promises";
import { writeFileAtomic } from "../../service/atomic-file.ts";

/** Writes a file for everybody to read; who reads it meanwhile sees the old or the new. Pipes and devices are written as they are. */
export async function saveWhole(file: string, text: string): Promise<void> {
  const there = await lstat(file).catch(() => null);
  if (there === null || there.isFile()) await writeFileAtomic(file, text, 0o644);
  else await writeFile(file, text);
}
