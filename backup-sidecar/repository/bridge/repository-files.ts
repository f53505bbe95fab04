import { Readable } from "node:stream";
import { readAll } from "../../../service/read-all.ts";
import type { DeleteGuard } from "../delete-guard.ts";
import { RemoteFailure } from "../failure.ts";
import type { FileJournal } from "./file-journal.ts";
import type { OpeningFiles } from "./opening-files.ts";
import type { ByteRange, RemoteEntry } from "../remote.ts";
import { parentOf } from "../remote-path.ts";
import { placeOf, restTypes, type RestType } from "./rest-path.ts";
import { smallBytes } from "../webdav/upload.ts";
import type { Opened, WebdavRemote } from "../webdav/webdav-remote.ts";

export interface ListedFile {
  readonly name: string;
  readonly size: number;
}

/** What is remembered of a repository between its sessions. */
export interface RememberedFiles {
  /** Which files it had. */
  readonly journal: FileJournal;
  readonly opening: OpeningFiles;
}

/** Questions that are asked at once. */
const askers = 8;

/** One repository's files on the server, as restic lays them out. */
export class RepositoryFiles {
  readonly #remote: WebdavRemote;
  readonly #path: string;
  readonly #guard: DeleteGuard;
  readonly #journal: FileJournal;
  readonly #opening: OpeningFiles;
  readonly #note: (text: string) => void;
  #learning: Promise<void> | null = null;

  /** `note` is told what people may want to know of the server. */
  constructor(
    remote: WebdavRemote,
    path: string,
    guard: DeleteGuard,
    { journal, opening }: RememberedFiles,
    note: (text: string) => void,
  ) {
    this.#remote = remote;
    this.#path = path;
    this.#guard = guard;
    this.#journal = journal;
    this.#opening = opening;
    this.#note = note;
  }

  /** The repository's folders; those of data are made when they are needed. */
  async create(signal: AbortSignal): Promise<void> {
    for (const type of restTypes) await this.#remote.makeFolder(`${this.#path}/${type}`, signal);
  }

  /** As the server has it now. */
  async hasConfig(signal: AbortSignal): Promise<boolean> {
    return (await this.#remote.stat(`${this.#path}/config`, signal)) !== null;
  }

  /** Throws `gone`. */
  async readConfig(signal: AbortSignal): Promise<Opened> {
    return this.#recalled("config", signal);
  }

  async writeConfig(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const place = `${this.#path}/config`;
    await this.#changing(
      "config",
      this.#remote.write(place, bytes, { size: bytes.length }, signal),
    );
  }

  async stat(type: RestType, name: string, signal: AbortSignal): Promise<RemoteEntry | null> {
    return this.#remote.stat(this.#at(type, name), signal);
  }

  async read(
    type: RestType,
    name: string,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<Opened> {
    if (type === "keys" && isWhole(range)) return this.#recalled(`keys/${name}`, signal);
    return this.#remote.open(this.#at(type, name), range, signal);
  }

  /** Small files are kept until they are there; large ones pass through, and may have to be given again (`BodySpent`). */
  async write(
    type: RestType,
    name: string,
    body: AsyncIterable<Uint8Array>,
    size: number,
    signal: AbortSignal,
  ): Promise<void> {
    const facts = { size, sha256: name };
    if (type === "data") await this.#learnShards(name, signal);
    const place = this.#at(type, name);
    const written =
      size > smallBytes
        ? this.#remote.writeOnce(place, body, facts, signal)
        : this.#remote.write(place, await collected(body), facts, signal);
    await this.#changing(type, written);
    this.#journal.wrote(type, name, size);
  }

  async remove(type: RestType, name: string, signal: AbortSignal): Promise<void> {
    const removed = this.#remote.removeGuarded(this.#at(type, name), this.#guard, signal);
    await this.#changing(type, removed);
    this.#journal.removed(type, name);
  }

  /**
   * All files of a type, also those that the server's listing leaves out: what the journal knows beyond it is looked for one by
   * one. prune would take what is missing in a listing for lost, and what refers to it for broken.
   */
  async list(type: RestType, signal: AbortSignal): Promise<readonly ListedFile[]> {
    return type === "keys"
      ? this.#opening.recall("keys", () => this.#listWhole(type, signal))
      : this.#listWhole(type, signal);
  }

  async #listWhole(type: RestType, signal: AbortSignal): Promise<readonly ListedFile[]> {
    const listed = await this.#listed(type, signal);
    const names = new Set(listed.map(({ name }) => name));
    const doubtful = [...this.#journal.of(type).keys()].filter((name) => !names.has(name));
    const found = await each(doubtful, async (name) => {
      const entry = await this.stat(type, name, signal);
      return entry === null ? [] : [{ name, size: entry.size }];
    });
    if (found.length > 0)
      this.#note(`The server left ${found.length} of ${this.#path}/${type} out of its listing`);
    if (found.length < doubtful.length)
      this.#note(
        `${doubtful.length - found.length} of ${this.#path}/${type} have vanished from the server`,
      );
    const all = [...listed, ...found];
    this.#journal.listed(type, all);
    return all;
  }

  async #listed(type: RestType, signal: AbortSignal): Promise<readonly ListedFile[]> {
    const entries = await this.#entries(type, signal);
    if (type !== "data") return filesOf(entries);
    const shards = entries.filter(
      ({ kind, name }) => kind === "folder" && /^[0-9a-f]{2}$/.test(name),
    );
    return each(shards, async ({ name }) => filesOf(await this.#entries(`data/${name}`, signal)));
  }

  /** A folder that is missing is empty, as long as the repository is there. */
  async #entries(folder: string, signal: AbortSignal): Promise<readonly RemoteEntry[]> {
    try {
      return await this.#remote.list(`${this.#path}/${folder}`, signal);
    } catch (error) {
      if (error instanceof RemoteFailure && error.kind === "gone") return [];
      throw error;
    }
  }

  /** A service that has just started knows none of the 256 folders of data: one question spares as many. */
  async #learnShards(name: string, signal: AbortSignal): Promise<void> {
    if (this.#remote.knowsFolder(parentOf(this.#at("data", name)))) return;
    this.#learning ??= this.#remote.learnFolders(`${this.#path}/data`, signal);
    await this.#learning;
  }

  /** However it ended, what was read before or meanwhile may not be so any more. */
  async #changing(what: RestType | "config", change: Promise<void>): Promise<void> {
    try {
      await change;
    } finally {
      if (what === "keys" || what === "config") this.#opening.forget();
    }
  }

  /** A small file, read once for all that are opened within a minute. */
  async #recalled(name: string, signal: AbortSignal): Promise<Opened> {
    const bytes = await this.#opening.recall(name, async () =>
      collected(await this.#remote.read(`${this.#path}/${name}`, undefined, signal)),
    );
    return { stream: Readable.from([bytes]), size: bytes.length };
  }

  #at(type: RestType, name: string): string {
    return `${this.#path}/${placeOf(type, name)}`;
  }
}

/** restic asks for `bytes=0-` when it wants all of a file. */
function isWhole(range: ByteRange | undefined): boolean {
  return range === undefined || (range.start === 0 && range.end === undefined);
}

/** Foreign files in a repository's folders are not restic's business. */
function filesOf(entries: readonly RemoteEntry[]): ListedFile[] {
  return entries
    .filter(({ kind, name }) => kind === "file" && /^[0-9a-f]{64}$/.test(name))
    .map(({ name, size }) => ({ name, size }));
}

/** Does something with each, several at a time, and puts the results together. */
async function each<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: R[] = [];
  const next = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of next) results.push(...(await work(item)));
  };
  await Promise.all(Array.from({ length: askers }, worker));
  return results;
}

function collected(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return readAll(
    body,
    smallBytes,
    () => new RemoteFailure("server", "A file is larger than it can be"),
  );
}
