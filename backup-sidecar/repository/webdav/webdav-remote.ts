import { Readable } from "node:stream";
import { Delivery } from "./delivery.ts";
import { DeleteGuard } from "../delete-guard.ts";
import { download, sizeOf } from "./download.ts";
import type { Endpoint, Tally } from "../http/endpoint.ts";
import type { Endurance, Waiting } from "./endurance.ts";
import { payloadOf, type Answer } from "../http/exchange.ts";
import { RemoteFailure } from "../failure.ts";
import { Folders } from "./folders.ts";
import type { Line } from "../target/line.ts";
import { quotaProperties, readQuota, type Listing } from "./multistatus.ts";
import type { Permit } from "../permit.ts";
import type { Presence } from "./presence.ts";
import { abilitiesOf, type Profile } from "../target/profile.ts";
import { checkPath, deletableKind, parentOf } from "../remote-path.ts";
import type { Body, ByteRange, Remote, RemoteEntry, WriteFacts } from "../remote.ts";
import { get, gone, listingLimit, propfind, xmlType, type Around } from "./requests.ts";
import { Upload } from "./upload.ts";

export interface RemoteParts {
  readonly line: Line;
  readonly endurance: Endurance;
  readonly presence: Presence;
  readonly folders: Folders;
  readonly profile: Profile;
}

export interface Opened {
  readonly stream: Readable;
  readonly size: number | null;
}

/** A WebDAV server as {@link Remote}. */
export class WebdavRemote implements Remote {
  readonly profile: Profile;
  readonly #parts: RemoteParts;
  readonly #tally: Tally | undefined;
  readonly #waiting: Waiting;
  readonly #guards = new WeakMap<Permit, DeleteGuard>();

  constructor(parts: RemoteParts, waiting: Waiting = () => undefined, tally?: Tally) {
    this.profile = parts.profile;
    this.#parts = parts;
    this.#waiting = waiting;
    this.#tally = tally;
  }

  /** The same server, with its requests counted and its waits told elsewhere. */
  observed(waiting: Waiting, tally: Tally): WebdavRemote {
    return new WebdavRemote(this.#parts, waiting, tally);
  }

  async list(path: string, signal?: AbortSignal): Promise<readonly RemoteEntry[]> {
    return this.#enduring(signal, async (endpoint) => {
      const listing = await this.#propfind(endpoint, path, "1", signal);
      if (listing === null) {
        this.#parts.folders.lacks(path);
        throw gone(endpoint, path);
      }
      if (listing.self.kind === "file")
        throw new RemoteFailure(
          "server",
          `"${endpoint.base.host}": ${path} is a file, not a folder`,
          {
            waitingHelps: false,
          },
        );
      this.#parts.folders.remember(path);
      return listing.entries;
    });
  }

  /** Remembers which folders are in one, so that a file in one of them costs no MKCOL. Once is enough. */
  async learnFolders(path: string, signal?: AbortSignal): Promise<void> {
    const entries = await this.list(path, signal).catch((error: unknown) => {
      if (error instanceof RemoteFailure && error.kind === "gone") return [];
      throw error;
    });
    for (const { kind, name } of entries)
      if (kind === "folder") this.#parts.folders.remember(`${path}/${name}`);
  }

  knowsFolder(path: string): boolean {
    return this.#parts.folders.knows(path);
  }

  async stat(path: string, signal?: AbortSignal): Promise<RemoteEntry | null> {
    return this.#enduring(signal, async (endpoint) => {
      const listing = await this.#propfind(endpoint, path, "0", signal);
      return listing?.self ?? null;
    });
  }

  async read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Readable> {
    return (await this.open(path, range, signal)).stream;
  }

  /** As {@link read}, with how many bytes will come; null where the server does not say. */
  async open(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Opened> {
    const fetching = (start: number, etag: string | null): Promise<Answer> =>
      this.#enduring(signal, (endpoint) =>
        get(
          endpoint,
          path,
          { start, ...(range?.end === undefined ? {} : { end: range.end }) },
          etag,
          this.#parts.presence,
          this.#around(signal),
        ),
      );
    const first = await fetching(range?.start ?? 0, null);
    const stream = Readable.from(download(first, range, fetching), { objectMode: false });
    return { stream, size: sizeOf(first, range) };
  }

  async write(path: string, body: Body, facts: WriteFacts, signal?: AbortSignal): Promise<void> {
    const source = body instanceof Uint8Array ? () => piecewise(body) : async () => body();
    await this.#deliver(path, new Upload(facts, true, source), facts, signal);
  }

  /**
   * As {@link write}, of a body that can be had only once. When it was sent in vain, waits until the server is well and throws
   * `BodySpent`: it must be given again.
   */
  async writeOnce(
    path: string,
    body: AsyncIterable<Uint8Array>,
    facts: WriteFacts,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#deliver(path, new Upload(facts, false, () => body), facts, signal);
  }

  async move(from: string, to: string, signal?: AbortSignal): Promise<void> {
    checkPath(from);
    checkPath(to);
    if (!this.profile.move) return this.#carry(from, to, signal);
    await this.#enduring(signal, async (endpoint, before) => {
      const source = await this.#propfind(endpoint, from, "0", signal);
      if (source === null) {
        // Moved by the attempt before, whose answer was lost.
        if (before > 0 && (await this.#propfind(endpoint, to, "0", signal)) !== null) return;
        throw gone(endpoint, from);
      }
      const folder = source.self.kind === "folder";
      await this.#parts.folders.ensure(endpoint, parentOf(to), this.#around(signal));
      this.#parts.folders.forget(from);
      const destination = abilitiesOf(this.profile).destination(endpoint.urlOf(to, folder));
      const call = {
        ...this.#around(signal),
        method: "MOVE",
        path: from,
        what: "moving a file",
        folder,
        headers: { destination, overwrite: "T" },
      };
      // Not 207: of a folder some was moved, and some was not.
      (await endpoint.expect(call, 200, 201, 202, 204)).discard();
    });
  }

  /** A move on servers that know none: read, written, removed. */
  async #carry(from: string, to: string, signal?: AbortSignal): Promise<void> {
    const entry = await this.stat(from, signal);
    if (entry === null) throw new RemoteFailure("gone", `The backup server has no ${from}`);
    if (entry.kind === "folder")
      throw new RemoteFailure("server", "The backup server cannot move folders (no MOVE)", {
        waitingHelps: false,
      });
    await this.write(to, () => this.read(from, undefined, signal), { size: entry.size }, signal);
    await this.#enduring(signal, async (endpoint) => {
      const call = { ...this.#around(signal), method: "DELETE", path: from, what: "moving a file" };
      (await endpoint.expect(call, 200, 202, 204, 404)).discard();
    });
  }

  async remove(path: string, permit: Permit, signal?: AbortSignal): Promise<void> {
    const guard = this.#guards.get(permit) ?? new DeleteGuard(permit);
    this.#guards.set(permit, guard);
    await this.removeGuarded(path, guard, signal);
  }

  /** As {@link remove}, counted by a guard that the caller keeps. */
  async removeGuarded(path: string, guard: DeleteGuard, signal?: AbortSignal): Promise<void> {
    checkPath(path);
    const kind = deletableKind(path);
    if (kind === null)
      throw new RemoteFailure("forbidden", `${path} is never deleted on the backup server`);
    let admitted = false;
    await this.#enduring(signal, async (endpoint) => {
      // Of a lock there is nothing to ask: restic removes one with each command.
      const entry =
        kind === "locks" ? lock : (await this.#propfind(endpoint, path, "0", signal))?.self;
      if (entry === undefined) return;
      const names = path.split("/");
      if (!admitted)
        guard.admit(kind, (kind === "history" ? names[2] : names.at(-1)) ?? "", entry.size);
      admitted = true;
      this.#parts.folders.forget(path);
      const call = {
        ...this.#around(signal),
        method: "DELETE",
        path,
        what: "deleting a file",
        folder: entry.kind === "folder",
      };
      const answer = await endpoint.send(call);
      answer.discard();
      if (answer.status === 404 || answer.status === 410) return;
      if (answer.status === 207 || answer.status < 200 || answer.status >= 300)
        throw endpoint.failure(call.what, answer);
    });
  }

  async makeFolder(path: string, signal?: AbortSignal): Promise<void> {
    checkPath(path);
    await this.#enduring(signal, (endpoint) =>
      this.#parts.folders.ensure(endpoint, path, this.#around(signal)),
    );
  }

  async free(signal?: AbortSignal): Promise<number | null> {
    return this.#enduring(signal, async (endpoint) => {
      const call = {
        ...this.#around(signal),
        method: "PROPFIND",
        path: "",
        what: "asking how much space is left",
        folder: true,
      };
      const answer = await endpoint.expect(
        {
          ...call,
          headers: { depth: "0", ...xmlType },
          payload: payloadOf(Buffer.from(quotaProperties)),
        },
        207,
      );
      return readQuota((await answer.bytes(listingLimit)).toString("utf8"), endpoint.base);
    });
  }

  clockOffsetMs(): number | null {
    return this.#parts.line.last?.clockOffsetMs ?? null;
  }

  #enduring<T>(
    signal: AbortSignal | undefined,
    attempt: (endpoint: Endpoint, before: number) => Promise<T>,
  ): Promise<T> {
    const { endurance, line } = this.#parts;
    return endurance.run(
      (before) => line.use((endpoint) => attempt(endpoint, before)),
      this.#waiting,
      signal,
    );
  }

  async #deliver(
    path: string,
    upload: Upload,
    facts: WriteFacts,
    signal?: AbortSignal,
  ): Promise<void> {
    checkPath(path);
    const { folders, presence } = this.#parts;
    const delivery = new Delivery(path, upload, facts, {
      ...this.#around(signal),
      folders,
      presence,
      abilities: () => abilitiesOf(this.profile),
    });
    try {
      await this.#enduring(signal, (endpoint) => delivery.attempt(endpoint));
    } catch (error) {
      const { last } = this.#parts.line;
      if (last !== null) await delivery.abandon(last).catch(() => undefined);
      throw error;
    }
  }

  #propfind(
    endpoint: Endpoint,
    path: string,
    deep: "0" | "1",
    signal?: AbortSignal,
  ): Promise<Listing | null> {
    return propfind(endpoint, path, deep, this.#parts.presence, this.#around(signal));
  }

  #around(signal?: AbortSignal): Around {
    return {
      ...(signal === undefined ? {} : { signal }),
      ...(this.#tally === undefined ? {} : { tally: this.#tally }),
    };
  }
}

async function* piecewise(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

const lock = { kind: "file", size: 0 } as const;
