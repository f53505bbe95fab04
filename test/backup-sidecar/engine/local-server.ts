import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import type { Readable } from "node:stream";
import type {
  Bridge,
  BridgeSession,
  SessionOptions,
} from "../../../backup-sidecar/repository/bridge/bridge.ts";
import { RemoteFailure } from "../../../backup-sidecar/repository/failure.ts";
import type { Permit } from "../../../backup-sidecar/repository/permit.ts";
import type { Profile } from "../../../backup-sidecar/repository/target/profile.ts";
import type {
  Body,
  ByteRange,
  Remote,
  RemoteEntry,
  WriteFacts,
} from "../../../backup-sidecar/repository/remote.ts";

const profile: Profile = {
  server: "a local directory",
  move: true,
  moveTo: "path",
  ranges: true,
  quota: false,
  largestBody: null,
  clockOffsetMs: 0,
  probedAt: "2026-01-01T00:00:00Z",
};

/** A backup server that is a local directory: no bridge, no WebDAV, and so no delete guard. */
export class LocalServer implements Remote, Bridge {
  readonly profile = profile;
  readonly folder: string;
  /** Thrown by every call while set. */
  trouble: RemoteFailure | null = null;
  offset: number | null = 0;
  readonly permits: Permit[] = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  at(place: string): string {
    return path.join(this.folder, place);
  }

  async list(place: string): Promise<readonly RemoteEntry[]> {
    this.#fail();
    const names = await fs.readdir(this.at(place)).catch((error: NodeJS.ErrnoException) => {
      throw error.code === "ENOENT" ? new RemoteFailure("gone", `${place} is not there`) : error;
    });
    const entries = await Promise.all(names.map((name) => this.stat(path.join(place, name))));
    return entries.filter((entry) => entry !== null);
  }

  async stat(place: string): Promise<RemoteEntry | null> {
    this.#fail();
    await this.#base();
    const found = await fs.stat(this.at(place)).catch(() => null);
    if (found === null) return null;
    return {
      name: path.basename(place),
      kind: found.isDirectory() ? "folder" : "file",
      size: found.isDirectory() ? 0 : found.size,
      modifiedAt: Math.round(found.mtimeMs),
      etag: null,
    };
  }

  async read(place: string, range?: ByteRange): Promise<Readable> {
    this.#fail();
    if ((await this.stat(place)) === null) throw new RemoteFailure("gone", `${place} is not there`);
    return createReadStream(this.at(place), range ?? {});
  }

  async write(place: string, body: Body, facts: WriteFacts): Promise<void> {
    this.#fail();
    const bytes = body instanceof Uint8Array ? body : await buffer(await body());
    const hash = createHash("sha256").update(bytes).digest("hex");
    if (bytes.length !== facts.size || (facts.sha256 ?? hash) !== hash)
      throw new RemoteFailure("server", "not what was meant");
    await fs.mkdir(path.dirname(this.at(place)), { recursive: true });
    await fs.writeFile(`${this.at(place)}.tmp`, bytes);
    await fs.rename(`${this.at(place)}.tmp`, this.at(place));
  }

  async move(from: string, to: string): Promise<void> {
    this.#fail();
    if ((await this.stat(from)) === null) throw new RemoteFailure("gone", `${from} is not there`);
    await fs.mkdir(path.dirname(this.at(to)), { recursive: true });
    await fs.rename(this.at(from), this.at(to));
  }

  async remove(place: string): Promise<void> {
    this.#fail();
    await fs.rm(this.at(place), { recursive: true, force: true });
  }

  async makeFolder(place: string): Promise<void> {
    this.#fail();
    await fs.mkdir(this.at(place), { recursive: true });
  }

  async free(): Promise<number | null> {
    return null;
  }

  clockOffsetMs(): number | null {
    return this.offset;
  }

  async session(repository: string, options: SessionOptions = {}): Promise<BridgeSession> {
    if (options.permit) this.permits.push(options.permit);
    const url = this.at(repository);
    const counts = { requests: {}, sentBytes: 0, receivedBytes: 0, repeats: 0, deleted: 0 };
    const trouble = this.trouble;
    return {
      url,
      environment: { RESTIC_REPOSITORY: url },
      trouble,
      waitingFor: null,
      counts,
      onTrouble: (listener) => {
        if (trouble) listener(trouble);
        return () => undefined;
      },
      close: async () => undefined,
    };
  }

  async forget(): Promise<void> {
    // Nothing is remembered.
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #fail(): void {
    if (this.trouble) throw this.trouble;
  }

  async #base(): Promise<void> {
    await fs.stat(this.folder).catch(() => {
      throw new RemoteFailure("wrong-target", "the base folder is not there");
    });
  }
}
