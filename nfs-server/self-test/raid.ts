import { setTimeout as pause } from "node:timers/promises";
import type { Attributes } from "./raw-nfs/attributes.ts";
import { NfsRefusal } from "./raw-nfs/compound.ts";
import {
  exportRoot,
  formatFileHandle,
  numberedFsid,
  parseFileHandle,
  type FileId,
} from "./raw-nfs/file-handle.ts";
import {
  getAttributes,
  getFileHandle,
  lookUp,
  lookUpParent,
  putFileHandle,
} from "./raw-nfs/file-operations.ts";
import type { Operation } from "./raw-nfs/operation.ts";
import type { Session } from "./raw-nfs/session.ts";
import { exportNumbers, placeOf } from "./own-exports.ts";
import { sample, type Known, type Scratch } from "./scratch.ts";

/** How a server says that something is not there, or not for this client. */
const refusals: ReadonlySet<string> = new Set([
  "NFS4ERR_STALE",
  "NFS4ERR_ACCESS",
  "NFS4ERR_PERM",
  "NFS4ERR_NOENT",
  "NFS4ERR_BADHANDLE",
  // Of an export that wants a certificate.
  "NFS4ERR_WRONGSEC",
]);
/** "Not now." */
const putOffs: ReadonlySet<string> = new Set(["NFS4ERR_DELAY", "NFS4ERR_GRACE"]);
const againMs = 100;

/** Number of the root that clients mount from. */
const pseudoRoot = 0;

/** Uid 0: it is refused nothing that depends on who one is. */
const root = { uid: 0, gid: 0, groups: [] } as const;

interface Way {
  readonly to: string;
  readonly steps: readonly Operation<unknown>[];
}

/**
 * Tries to get from a directory that was granted to everything that was not, by file handles made by hand, and answers what
 * was reached, in words; nothing: all was refused. `refuseOther` is called when everything is known of the other directory
 * that there is to know. Throws when it proves nothing: what was granted cannot be reached, or an answer is neither yes nor no.
 */
export async function raid(
  session: Pick<Session, "ask">,
  scratch: Scratch,
  refuseOther: () => void,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const ask = <T>(before: readonly Operation<unknown>[], last: Operation<T>): Promise<T> =>
    patiently(() => session.ask(root, before, last), signal);
  const { granted, other } = exportNumbers;

  await reach(ask, "the granted directory", granted, scratch.granted);
  // Its own number proves that the handle is right, which then must be refused under another.
  await reach(ask, "the other directory, while it is granted,", other, scratch.other);
  const whole = await ask([put(other, exportRoot), lookUp(sample)], getFileHandle);
  refuseOther();
  const reached: string[] = [];
  for (const { to, steps } of ways(scratch, parseFileHandle(whole).file))
    if (await isReached(ask, steps)) reached.push(to);
  // Whoever refuses everything isolates as well, and serves nobody.
  await reach(ask, "the granted directory", granted, scratch.granted);
  return reached;
}

/**
 * Tries to get at the granted directory without a certificate, when one is demanded, and answers whether it could. With one
 * it must be reached: throws if it is not.
 */
export async function isReachedPlainly(
  plain: Pick<Session, "ask">,
  secure: () => Promise<Pick<Session, "ask"> & Pick<Session, "close">>,
  scratch: Scratch,
  signal: AbortSignal,
): Promise<boolean> {
  const { granted } = exportNumbers;
  const asking =
    (session: Pick<Session, "ask">): Ask =>
    (before, last) =>
      patiently(() => session.ask(root, before, last), signal);
  const isOpen = await isReached(asking(plain), [put(granted, scratch.granted.id)]);
  const session = await secure();
  try {
    await reach(asking(session), "over TLS the granted directory", granted, scratch.granted);
  } finally {
    await session.close().catch(() => undefined);
  }
  return isOpen;
}

function ways(scratch: Scratch, fileWithParent: FileId): readonly Way[] {
  const { granted, other } = exportNumbers;
  const by = (number: number, to: string, id: FileId): Way => ({ to, steps: [put(number, id)] });
  return [
    by(granted, "another directory", scratch.other.id),
    by(granted, "a file in another directory", scratch.file.id),
    by(granted, "a file in another directory, with its parent", fileWithParent),
    by(granted, "the directory above", scratch.above.id),
    by(granted, "the server's own folder", scratch.own.id),
    by(granted, "the data directory", scratch.data.id),
    by(other, "what was taken away, by its own number", scratch.other.id),
    by(other, "what was taken away, as an export's root", exportRoot),
    by(pseudoRoot, "another directory, from the root of all exports", scratch.other.id),
    by(pseudoRoot, "the data directory, from the root of all exports", scratch.data.id),
    {
      to: "another directory, by its name",
      steps: [put(granted, exportRoot), lookUpParent, lookUp(placeOf("other"))],
    },
  ];
}

type Ask = <T>(before: readonly Operation<unknown>[], last: Operation<T>) => Promise<T>;

async function reach(ask: Ask, what: string, number: number, known: Known): Promise<void> {
  let found: Attributes;
  try {
    found = await ask([put(number, known.id)], getAttributes);
  } catch (error) {
    if (!(error instanceof NfsRefusal)) throw error;
    throw new Error(`${what} could not be reached (${error.message})`, { cause: error });
  }
  if (found.fileid !== known.number)
    throw new Error(`${what} was looked for, and something else was found`);
}

async function isReached(ask: Ask, steps: Way["steps"]): Promise<boolean> {
  try {
    await ask(steps, getAttributes);
    return true;
  } catch (error) {
    if (error instanceof NfsRefusal && refusals.has(error.status)) return false;
    throw error;
  }
}

function put(number: number, file: FileId): Operation<void> {
  return putFileHandle(formatFileHandle({ fsid: numberedFsid(number), file }));
}

async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NfsRefusal) || !putOffs.has(error.status)) throw error;
      await pause(againMs, undefined, { signal });
    }
}
