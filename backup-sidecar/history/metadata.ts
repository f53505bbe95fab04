import * as z from "zod";
import { readAll } from "../../service/read-all.ts";
import { timeSchema } from "../../storage/records/fields.ts";
import { DamagedRecord, parseRecord } from "../../storage/records/parse.ts";
import { tags } from "../engine/snapshot.ts";
import { RemoteFailure } from "../repository/failure.ts";
import type { Remote } from "../repository/remote.ts";

/** Far more than a thousand versions take. */
const largest = 64 * 1024 * 1024;

const volumeSchema = z.looseObject({
  volume: z.string(),
  snapshot: z.string(),
  time: timeSchema,
  files: z.int().nullable(),
  bytes: z.int().nullable(),
  /** `suspect`, `partial`, `doubtful-time`. */
  marks: z.array(z.string()),
});

/**
 * `backup_historys/<app>/metadata.json`: what there is of an app on the server. For people, and the third place where the
 * repository's id is written down; everything else in it can be made again from the repository. Holds no secret.
 */
export const metadataSchema = z.looseObject({
  schema: z.literal(1),
  app: z.string(),
  /** The id of the storage whose app it is. */
  storage: z.string(),
  repository: z.looseObject({
    id: z.string(),
    /** Below `<base>/<storage>/`. */
    path: z.string(),
    format: z.string(),
  }),
  updatedAt: timeSchema,
  versions: z.array(
    z.looseObject({
      folder: z.string(),
      time: timeSchema,
      run: z.string().nullable(),
      volumes: z.array(volumeSchema),
    }),
  ),
  /** By volume: the snapshot that its browsable copy shows. */
  mirror: z.record(z.string(), z.string()).default({}),
});

export type Metadata = z.infer<typeof metadataSchema>;

export function historyFolder(app: string): string {
  return `backup_historys/${app}`;
}

export function metadataPath(app: string): string {
  return `${historyFolder(app)}/metadata.json`;
}

/** Null if there is none, or none that can be read: then it is made again. */
export async function readMetadata(
  remote: Remote,
  app: string,
  signal?: AbortSignal,
): Promise<Metadata | null> {
  try {
    return parseRecord(await readText(remote, metadataPath(app), signal), metadataSchema);
  } catch (error) {
    if (error instanceof DamagedRecord) return null;
    if (error instanceof RemoteFailure && error.kind === "gone") return null;
    throw error;
  }
}

/** What the server itself says of whose repository an app's is; null if it says nothing that can be read. */
export async function toldRepository(
  remote: Remote,
  app: string,
  signal?: AbortSignal,
): Promise<{ readonly repository: string; readonly storage: string | null } | null> {
  const metadata = await readMetadata(remote, app, signal);
  return metadata && { repository: metadata.repository.id, storage: metadata.storage };
}

/** Ids of the versions that were made of a source that looked destroyed. */
export async function doubtedVersions(
  remote: Remote,
  app: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const metadata = await readMetadata(remote, app, signal);
  return (metadata?.versions ?? []).flatMap(({ volumes }) =>
    volumes.filter(({ marks }) => marks.includes(tags.suspect)).map(({ snapshot }) => snapshot),
  );
}

async function readText(remote: Remote, path: string, signal?: AbortSignal): Promise<string> {
  const content = await readAll(
    await remote.read(path, undefined, signal),
    largest,
    () => new DamagedRecord("it is too large to be ours"),
  );
  return content.toString("utf8");
}
