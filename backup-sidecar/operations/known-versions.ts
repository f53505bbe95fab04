import { Directory } from "../../storage/directory/confined.ts";
import { metaFolder } from "../../storage/directory/layout.ts";
import { backupStatusSchema, type BackupStatus } from "../../storage/records/backup-status.ts";
import { DamagedRecord, parseRecord } from "../../storage/records/parse.ts";

/** What a former life of the service, here or elsewhere, told everybody; nothing where that cannot be read. */
export async function knownVersions(root: string): Promise<BackupStatus["volumes"]> {
  await using top = await Directory.root(root);
  await using meta = await top.open(metaFolder);
  await using folder = await meta.make("backup", 0o700);
  const file = await folder.read("status.json");
  if (file === null) return {};
  try {
    return parseRecord(file.text, backupStatusSchema).volumes;
  } catch (error) {
    if (error instanceof DamagedRecord) return {};
    throw error;
  }
}
