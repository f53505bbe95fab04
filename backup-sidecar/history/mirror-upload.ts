import { createReadStream } from "node:fs";
import { lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { exactly } from "../drill/sample.ts";
import type { AppRepository, Node } from "../engine/app-repository.ts";
import type { Remote } from "../repository/remote.ts";

/** Files are brought back so many, and so many bytes, at a time. */
const batchFiles = 200;
const batchBytes = 256 * 1024 * 1024;

export interface UploadParts {
  readonly repository: AppRepository;
  readonly remote: Remote;
  readonly snapshot: string;
  readonly scratch: string;
  /** Where a path goes on the server; null: nowhere. */
  readonly at: (path: string) => string | null;
}

/** Writes files of a version to the server as they are in the version, whatever the live ones are by now. */
export class MirrorUpload {
  readonly #parts: UploadParts;

  constructor(parts: UploadParts) {
    this.#parts = parts;
  }

  /** Answers how many files have no place on the server. */
  async all(files: readonly Node[], signal?: AbortSignal): Promise<number> {
    const placed = files.filter(({ path }) => this.#parts.at(path) !== null);
    for (const batch of batches(placed)) await this.#batch(batch, signal);
    // What is larger than a batch goes through without touching our disk.
    for (const node of placed.filter(({ size }) => size > batchBytes))
      await this.#stream(node, signal);
    return files.length - placed.length;
  }

  async #batch(files: readonly Node[], signal?: AbortSignal): Promise<void> {
    const { repository, remote, snapshot, scratch, at } = this.#parts;
    const target = join(scratch, `mirror-${snapshot.slice(0, 12)}`);
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true, mode: 0o700 });
    try {
      const include = files.map(({ path }) => exactly(path));
      const attended = { ...(signal && { signal }) };
      const { errors } = await repository.restore({ snapshot, include, target, ...attended });
      const [failed] = errors;
      if (failed !== undefined) throw new Error(`${failed.item}: ${failed.reason}`);
      for (const { path } of files) {
        const file = join(target, path);
        const { size } = await lstat(file);
        const body = () => createReadStream(file);
        await remote.write(at(path) ?? "", body, { size }, signal);
      }
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  }

  async #stream({ path, size }: Node, signal?: AbortSignal): Promise<void> {
    const { repository, remote, snapshot, at } = this.#parts;
    const body = () => repository.dump(snapshot, path, signal);
    await remote.write(at(path) ?? "", body, { size }, signal);
  }
}

function* batches(files: readonly Node[]): Generator<readonly Node[]> {
  let batch: Node[] = [];
  let bytes = 0;
  for (const node of files) {
    if (node.size > batchBytes) continue;
    if (batch.length >= batchFiles || bytes + node.size > batchBytes) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(node);
    bytes += node.size;
  }
  if (batch.length > 0) yield batch;
}
