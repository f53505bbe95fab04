import { setTimeout as pause } from "node:timers/promises";
import { approaches, path, type Approach } from "./approach.ts";
import { NfsRefusal } from "../../../nfs-server/self-test/raw-nfs/compound.ts";
import type { Attempt, Errand, Report } from "./errand.ts";
import {
  getAttributes,
  getFileHandle,
  lookUp,
  read,
  readDirectory,
  write,
} from "../../../nfs-server/self-test/raw-nfs/file-operations.ts";
import { openByName, openCurrent } from "./open-operation.ts";
import type { Operation } from "../../../nfs-server/self-test/raw-nfs/operation.ts";
import type { Way } from "../../../nfs-server/self-test/raw-nfs/connection.ts";
import { reclaimComplete } from "../../../nfs-server/self-test/raw-nfs/session-operations.ts";
import { Session } from "../../../nfs-server/self-test/raw-nfs/session.ts";
import { anonymous, current } from "../../../nfs-server/self-test/raw-nfs/stateid.ts";

/** What a thief leaves behind where it comes to write, and the name of a file that it makes. */
export const mark = Buffer.from("a thief was here");
const markedFile = "thief";

/** Behind what is read, so that the next attempt finds that as it was. */
const markAt = 4096n;
const bytesRead = 1024;

/** Milliseconds for which a server may put everybody off after its start. */
const graceful = 150_000;
const putOffs = new Set(["NFS4ERR_GRACE", "NFS4ERR_DELAY"]);

/** Tries all it can to get at what belongs to somebody else, and tells how far it came. */
export class Thief {
  readonly #errand: Errand;
  #session: Session | null = null;

  constructor(errand: Errand) {
    this.#errand = errand;
  }

  /** Never throws: what it is refused is what it reports. */
  async run(): Promise<Report> {
    const { own, uids } = this.#errand;
    const attempts: Attempt[] = [];
    try {
      const handle = await this.#ownHandle(own);
      for (const approach of approaches(this.#errand, handle))
        for (const uid of uids) attempts.push(await this.#try(approach, uid));
      return { refused: null, attempts };
    } catch (error) {
      return { refused: words(error), attempts };
    } finally {
      await this.#session?.close().catch(() => undefined);
    }
  }

  /** Null if there is no directory of its own, or it was taken away: then it has to do without. */
  async #ownHandle(own: readonly string[] | null): Promise<Buffer | null> {
    if (own === null) return null;
    try {
      return await this.#ask(0, path(own), getFileHandle);
    } catch (error) {
      if (error instanceof NfsRefusal) return null;
      throw error;
    }
  }

  async #try({ by, target, steps }: Approach, uid: number): Promise<Attempt> {
    const refusals: string[] = [];
    const tried = async <T>(deed: Promise<T>): Promise<T | null> => {
      try {
        return await deed;
      } catch (error) {
        refusals.push(words(error));
        return null;
      }
    };
    const isReached = (await tried(this.#ask(uid, steps, getAttributes))) !== null;
    const isDirectory = target === "directory";
    const listed = isReached && isDirectory ? await tried(this.#list(uid, steps)) : null;
    const file = isDirectory ? [...steps, lookUp(this.#errand.victim.fileName)] : steps;
    const text = isReached ? await tried(this.#read(uid, file)) : null;
    const wrote = isReached ? await tried(this.#write(uid, file)) : null;
    const opened = isReached ? await tried(this.#open(uid, steps, isDirectory)) : null;
    const [refused = null] = refusals;
    return { by, uid, listed, read: text, wrote: wrote !== null || opened !== null, refused };
  }

  async #list(uid: number, directory: Approach["steps"]): Promise<string[]> {
    const { entries } = await this.#ask(uid, directory, readDirectory);
    return entries.map(({ name }) => name);
  }

  async #read(uid: number, file: Approach["steps"]): Promise<string> {
    const { data } = await this.#ask(uid, file, read(anonymous, 0n, bytesRead));
    return data.toString();
  }

  #write(uid: number, file: Approach["steps"]): Promise<number> {
    return this.#ask(uid, file, write(anonymous, markAt, mark));
  }

  /** The same as an honest client would: opens the file, or makes one in the directory, and writes to it. */
  async #open(uid: number, steps: Approach["steps"], isDirectory: boolean): Promise<number> {
    const { clientId } = await this.#opened();
    const owner = { clientId, name: "thief" };
    const open = isDirectory ? openByName(owner, markedFile, 0o666) : openCurrent(owner);
    return this.#ask(uid, [...steps, open], write(current, isDirectory ? 0n : markAt, mark));
  }

  async #ask<T>(
    uid: number,
    before: readonly Operation<unknown>[],
    last: Operation<T>,
  ): Promise<T> {
    const late = performance.now() + graceful;
    for (;;)
      try {
        const session = await this.#opened();
        return await session.ask({ uid, gid: uid, groups: [] }, before, last);
      } catch (error) {
        if (!(error instanceof NfsRefusal)) await this.#abandon();
        const isPutOff = error instanceof NfsRefusal && putOffs.has(error.status);
        if (!isPutOff || performance.now() > late) throw error;
        await pause(1000);
      }
  }

  async #opened(): Promise<Session> {
    this.#session ??= await newSession(this.#errand.way);
    return this.#session;
  }

  async #abandon(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.close().catch(() => undefined);
  }
}

/** One that may open files: it has nothing to claim of before. */
async function newSession(way: Way): Promise<Session> {
  const session = await Session.open(way, "thief");
  try {
    await session.ask({ uid: 0, gid: 0, groups: [] }, [], reclaimComplete);
    return session;
  } catch (error) {
    await session.close().catch(() => undefined);
    throw error;
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
