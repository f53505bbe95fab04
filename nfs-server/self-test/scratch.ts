import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { Directory } from "../../storage/directory/confined.ts";
import { fileIdOf } from "./file-identity.ts";
import type { FileId } from "./raw-nfs/file-handle.ts";

/** A file or directory, as NFS shows and names it. */
export interface Known {
  readonly number: bigint;
  readonly id: FileId;
}

/** Two directories of nobody's, and everything about them and what lies above them that an attacker could find out. */
export interface Scratch {
  readonly granted: Known;
  readonly other: Known;
  /** A file in the other one. */
  readonly file: Known;
  /** The directory that both are in. */
  readonly above: Known;
  /** The server's own folder, with its keys. */
  readonly own: Known;
  /** The data directory itself, with all apps in it. */
  readonly data: Known;
}

/** Where they lie, from the data directory on. */
export const scratchFolders = {
  granted: [".swarmnfs", "self-test", "granted"],
  other: [".swarmnfs", "self-test", "other"],
} as const;

/** A file in each. */
export const sample = "sample";

/** Makes what is missing of them on the data disk. Throws where there is no storage, rather than begin one. */
export async function openScratch(data: string): Promise<Scratch> {
  await using root = await Directory.root(data);
  await using own = await root.open(".swarmnfs");
  await using above = await own.make("self-test", 0o700);
  await using granted = await above.make("granted", 0o755);
  await using other = await above.make("other", 0o755);
  for (const each of [granted, other])
    if ((await each.stat(sample)) === null) await each.write(sample, "", true);
  return {
    granted: await known(granted),
    other: await known(other),
    file: await knownFile(`${other.magicPath()}/${sample}`),
    above: await known(above),
    own: await known(own),
    data: await known(root),
  };
}

async function known(directory: Directory): Promise<Known> {
  const { ino: number } = await directory.self();
  return { number, id: fileIdOf(directory.magicPath()) };
}

async function knownFile(path: string): Promise<Known> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { ino: number } = await file.stat({ bigint: true });
  return { number, id: fileIdOf(`/proc/self/fd/${file.fd}`) };
}
