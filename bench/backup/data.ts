import { randomBytes, randomInt } from "node:crypto";
import { mkdir, open, writeFile } from "node:fs/promises";
import path from "node:path";

/** So many files of 4 KiB, a hundred in a directory, and large ones of so many MiB. */
export interface Shape {
  readonly name: string;
  readonly small: number;
  readonly large: number;
  readonly largeMiB: number;
}

export async function makeData(folder: string, shape: Shape): Promise<void> {
  for (let index = 0; index < shape.small; index += 1) {
    if (index % 100 === 0) await mkdir(placeOf(folder, index, true), { recursive: true });
    await writeFile(placeOf(folder, index), randomBytes(4096));
  }
  for (let index = 0; index < shape.large; index += 1) {
    await using file = await open(path.join(folder, `large${index}`), "w");
    for (let mib = 0; mib < shape.largeMiB; mib += 1) await file.write(randomBytes(1024 ** 2));
  }
}

/** One file in a hundred, and a MiB in one that is large; no size changes. */
export async function changeData(folder: string, shape: Shape): Promise<void> {
  for (let index = randomInt(100); index < shape.small; index += 100)
    await writeFile(placeOf(folder, index), randomBytes(4096));
  if (shape.large === 0) return;
  await using file = await open(path.join(folder, "large0"), "r+");
  await file.write(randomBytes(1024 ** 2), 0, 1024 ** 2, randomInt(shape.largeMiB) * 1024 ** 2);
}

function placeOf(folder: string, index: number, isFolder = false): string {
  const directory = path.join(folder, `d${Math.floor(index / 100)}`);
  return isFolder ? directory : path.join(directory, `f${index % 100}`);
}
