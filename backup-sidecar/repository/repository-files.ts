import type { DeleteGuard } from "./delete-guard.ts";
import { RemoteFailure } from "./failure.ts";
import type { ByteRange, RemoteEntry } from "./remote.ts";
import { placeOf, restTypes, type RestType } from "./rest-path.ts";
import { smallBytes } from "./upload.ts";
import type { Opened, WebdavRemote } from "./webdav-remote.ts";

export interface ListedFile {
  readonly name: string;
  readonly size: number;
}

/** Listings that are asked for at once. */
const listers = 8;

/** One repository's files on the server, as restic lays them out. */
export class RepositoryFiles {
  readonly #remote: WebdavRemote;
  readonly #path: string;
  readonly #guard: DeleteGuard;

  constructor(remote: WebdavRemote, path: string, guard: DeleteGuard) {
    this.#remote = remote;
    this.#path = path;
    this.#guard = guard;
  }

  /** The repository's folders; those of data are made when they are needed. */
  async create(signal: AbortSignal): Promise<void> {
    for (const type of restTypes) await this.#remote.makeFolder(`${this.#path}/${type}`, signal);
  }

  async config(signal: AbortSignal): Promise<RemoteEntry | null> {
    return this.#remote.stat(`${this.#path}/config`, signal);
  }

  async readConfig(signal: AbortSignal): Promise<Opened> {
    return this.#remote.open(`${this.#path}/config`, undefined, signal);
  }

  async writeConfig(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#remote.write(`${this.#path}/config`, bytes, { size: bytes.length }, signal);
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
    if (size > smallBytes) await this.#remote.writeOnce(this.#at(type, name), body, facts, signal);
    else await this.#remote.write(this.#at(type, name), await collected(body), facts, signal);
  }

  async remove(type: RestType, name: string, signal: AbortSignal): Promise<void> {
    await this.#remote.removeGuarded(this.#at(type, name), this.#guard, signal);
  }

  async list(type: RestType, signal: AbortSignal): Promise<readonly ListedFile[]> {
    const entries = await this.#entries(type, signal);
    if (type !== "data") return filesOf(entries);
    const shards = entries.filter(
      ({ kind, name }) => kind === "folder" && /^[0-9a-f]{2}$/.test(name),
    );
    const found: ListedFile[] = [];
    const next = shards[Symbol.iterator]();
    const lister = async (): Promise<void> => {
      for (const { name } of next)
        found.push(...filesOf(await this.#entries(`data/${name}`, signal)));
    };
    await Promise.all(Array.from({ length: listers }, lister));
    return found;
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

  #at(type: RestType, name: string): string {
    return `${this.#path}/${placeOf(type, name)}`;
  }
}

/** Foreign files in a repository's folders are not restic's business. */
function filesOf(entries: readonly RemoteEntry[]): ListedFile[] {
  return entries
    .filter(({ kind, name }) => kind === "file" && /^[0-9a-f]{64}$/.test(name))
    .map(({ name, size }) => ({ name, size }));
}

async function collected(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}
