import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { ExecutionContext } from "ava";
import { systemClock } from "../../service/clock.ts";
import {
  DirectoryStorage,
  type DirectoryEffects,
} from "../../storage/directory/directory-storage.ts";
import { GuardedStorage, type GuardedOptions } from "../../storage/keeper/guarded-storage.ts";

/** A new directory that goes with the test. */
export async function temporaryDirectory(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "swarmnfs-storage-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

export function directoryStorage(
  path: string,
  effects: Partial<DirectoryEffects> = {},
): DirectoryStorage {
  const settings = { url: `dir://${path}`, path, trashDays: 30, makeRoot: false };
  return new DirectoryStorage(settings, { clock: systemClock, ...effects });
}

/** The keeper as it runs in development. */
export const keeper = {
  command: process.execPath,
  args: [join(import.meta.dirname, "../../storage/keeper/main.ts")],
};

/** Closed with the test. */
export function guardedStorage(
  t: ExecutionContext,
  path: string,
  options: Partial<GuardedOptions> = {},
): GuardedStorage {
  const settings = { url: `dir://${path}`, path, trashDays: 30, makeRoot: false };
  const storage = new GuardedStorage(settings, { keeper, ...options });
  t.teardown(() => storage.close());
  return storage;
}
