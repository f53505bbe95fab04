import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { messageOf } from "../../service/message-of.ts";
import { StateFile } from "../../service/state-file.ts";
import { UserError } from "../../service/user-error.ts";
import type { Log } from "../../service/log.ts";
import { metaFolder } from "../../storage/directory/layout.ts";
import { GuardedStorage } from "../../storage/keeper/guarded-storage.ts";
import { keeperBeside } from "../../storage/open.ts";

const knownSchema = z.looseObject({ schema: z.literal(1), storage: z.uuid().nullable() });

/** The storage that is backed up, as a directory of this container. */
export interface StoragePlace {
  readonly storage: GuardedStorage;
  /** Its lasting id. */
  readonly id: string;
  /** Its directory, without symlinks. */
  readonly root: string;
}

/**
 * Opens the storage, and never makes one: an empty directory where it should be is a disk that is not mounted. Which one it
 * is is remembered in the state directory; another one in its place is refused. Throws `unavailable`.
 */
export async function openStoragePlace(
  url: string,
  state: string,
  log: Log,
): Promise<StoragePlace> {
  const root = await directoryOf(url);
  const known = await StateFile.open(
    path.join(state, "storage.json"),
    knownSchema,
    { schema: 1, storage: null },
    (setAside, reason) => log.warn({ setAside, reason }, "which storage it was is not known"),
  );
  const place = { url, path: root, trashDays: 30, makeRoot: false };
  const storage = new GuardedStorage(place, {
    keeper: keeperBeside(),
    onChange: (trouble) => {
      if (trouble === null) log.warn("the storage answers again");
      else log.error({ since: trouble.since }, trouble.reason);
    },
  });
  const { id } = await storage.open(known.data.storage);
  if (known.data.storage !== id) {
    known.data.storage = id;
    await known.save();
  }
  return { storage, id, root };
}

async function directoryOf(url: string): Promise<string> {
  const given = url.slice("dir://".length);
  try {
    const root = await realpath(given);
    await stat(path.join(root, metaFolder, "storage.json"));
    return root;
  } catch (error) {
    throw new UserError(
      "unavailable",
      `there is no storage at ${given} (${messageOf(error)}). Is it mounted into the container? A storage that is new begins with its first volume`,
      { cause: error },
    );
  }
}
