import { KeyObject, randomUUID } from "node:crypto";
import { link, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, writeFileAtomic } from "../../service/atomic-file.ts";
import type { Clock } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { clockLeeway, newKeys, selfSigned } from "./certificate.ts";
import { type KeyPair, parsePair, pemOfPair } from "./key-file.ts";

const year = 365 * 24 * 60 * 60 * 1000;
/** All nodes would have to enrol anew at its end. */
const lifeMs = 30 * year;

/**
 * The authority's key and certificate, made at the first start and never again: everything that nodes believe hangs on
 * it. `isExpected`: nodes have enrolled already, so that there must be one.
 *
 * Throws `unavailable` where it cannot be read or is gone; it is left alone then.
 */
export async function openAuthorityFile(
  path: string,
  isExpected: boolean,
  clock: Clock,
): Promise<KeyPair> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw unusable(path, messageOf(error));
  });
  if (text !== null) return parsed(path, text);
  if (isExpected) throw unusable(path, "it is gone, and nodes have enrolled with it");
  await create(path, clock);
  return parsed(path, await readFile(path, "utf8"));
}

function parsed(path: string, text: string): KeyPair {
  try {
    return parsePair(text);
  } catch (error) {
    throw unusable(path, messageOf(error));
  }
}

async function create(path: string, clock: Clock): Promise<void> {
  const keys = await newKeys();
  const now = clock.now();
  const span = { from: now - clockLeeway, until: now + lifeMs };
  const certificate = await selfSigned(keys, "swarmnfs authority", span);
  const folder = join(path, "..");
  const draft = join(folder, `.${randomUUID()}.draft`);
  try {
    await writeFileAtomic(draft, pemOfPair(KeyObject.from(keys.privateKey), certificate));
    // Unlike a renaming this replaces nothing, whoever was faster.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  await syncDirectory(folder);
}

function unusable(path: string, reason: string): UserError {
  return new UserError(
    "unavailable",
    `${path} cannot be used: ${reason}. It is how nodes know this storage node, and it is never made anew by itself. Restore it from a backup. If there is none, move the directory "server" above it away and let every node join again: swarmnfs server token NODE`,
  );
}
