import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { ResticRepository } from "./restic-repository.ts";

/**
 * Versions whose own small file on the server is damaged: put aside, and written again from restic's cache, where that still
 * has it (a file's name is the SHA-256 of what is in it). Returns the ids of those that are lost.
 */
export async function mendSnapshots(
  repository: ResticRepository,
  app: string,
  broken: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  if (broken.length === 0) return [];
  const lost: string[] = [];
  for (const { name } of await repository.remote.list(`${repository.path}/snapshots`, signal)) {
    if (!broken.some((beginning) => name.startsWith(beginning))) continue;
    const place = `${repository.path}/snapshots/${name}`;
    const there = await buffer(await repository.remote.read(place, undefined, signal));
    if (hash(there) === name) continue;
    const copy = await cached(repository, name);
    await repository.remote.move(place, `.swarmnfs/quarantine/${app}/${name}`, signal);
    if (copy === null) lost.push(name);
    else await repository.remote.write(place, copy, { size: copy.length, sha256: name }, signal);
  }
  return lost;
}

async function cached(repository: ResticRepository, id: string): Promise<Buffer | null> {
  const { cache } = repository.restic.place;
  const file = join(cache, repository.id, "snapshots", id.slice(0, 2), id);
  const copy = await readFile(file).catch(() => null);
  return copy !== null && hash(copy) === id ? copy : null;
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
