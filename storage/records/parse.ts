import * as z from "zod";
import { checkHost, checkService, parseBackup, parseFrom } from "../rules/option-values.ts";
import { adoptedSteps } from "../rules/adopted-path.ts";
import { checkMountOption } from "../rules/mount-options.ts";
import { checkAppName, checkVolumeName, rootApp } from "../rules/names.ts";
import { parseOptions } from "../rules/options.ts";
import { appRecordSchema, type AppRecord } from "./app.ts";
import { trashRecordSchema, type TrashRecord } from "./trash.ts";
import { useRecordSchema, type UseRecord } from "./use.ts";
import { volumeRecordSchema, type VolumeRecord } from "./volume.ts";
import { messageOf } from "../../service/message-of.ts";

/** A record that cannot be read. The message says why, in words for people. */
export class DamagedRecord extends Error {
  override readonly name = "DamagedRecord";
}

/** Reads the record of volume `name`, as strictly as `-o` input. Throws {@link DamagedRecord}. */
export function parseVolumeRecord(text: string, name: string): VolumeRecord {
  const record = parseRecord(text, volumeRecordSchema);
  if (record.name !== name) throw new DamagedRecord(`it says it is the record of "${record.name}"`);
  return checked(record, checkVolume);
}

/** Reads the record of app `name`, as strictly as `-o` input. Throws {@link DamagedRecord}. */
export function parseAppRecord(text: string, name: string): AppRecord {
  const record = parseRecord(text, appRecordSchema);
  if (record.app !== name) throw new DamagedRecord(`it says it is the record of "${record.app}"`);
  return checked(record, checkApp);
}

/** Reads the record of a removed volume. Throws {@link DamagedRecord}. */
export function parseTrashRecord(text: string): TrashRecord {
  return checked(parseRecord(text, trashRecordSchema), ({ volume, app }) => {
    checkVolume(volume);
    if (app !== null) checkApp(app);
  });
}

/** Reads a sign of use. Throws {@link DamagedRecord}. */
export function parseUseRecord(text: string): UseRecord {
  return parseRecord(text, useRecordSchema);
}

/** Reads JSON of schema 1; newer schemas are refused by name. Throws {@link DamagedRecord}. */
export function parseRecord<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DamagedRecord(text.trim() === "" ? "it is empty" : "it is not JSON");
  }
  const version = z.looseObject({ schema: z.int() }).safeParse(value);
  if (version.success && version.data.schema > 1) {
    throw new DamagedRecord(
      `it was written by a newer version of swarmnfs (schema ${version.data.schema}; this one reads 1). Upgrade this node`,
    );
  }
  const result = schema.safeParse(value);
  if (!result.success)
    throw new DamagedRecord(z.prettifyError(result.error).replaceAll(/\s+/g, " "));
  return result.data;
}

function checked<Record>(record: Record, check: (record: Record) => void): Record {
  try {
    check(record);
    return record;
  } catch (error) {
    throw new DamagedRecord(messageOf(error), {
      cause: error,
    });
  }
}

function checkVolume(volume: VolumeRecord): void {
  checkVolumeName(volume.name);
  parseOptions(volume.options);
  if (volume.root !== (volume.app === rootApp))
    throw new Error(`root is ${volume.root} and app is "${volume.app}"`);
  if (!volume.root) checkAppName(volume.app);
  for (const service of volume.services ?? []) checkService(service);
  for (const host of volume.hosts ?? []) checkHost(host);
  for (const option of volume.mountOptions) checkMountOption(option);
  if (volume.fill !== null) parseFrom(volume.fill.from);
  if (volume.adopted) adoptedSteps(volume.adopted.path);
  parseBackup(volume.backup);
}

function checkApp(app: AppRecord): void {
  if (app.app !== rootApp) checkAppName(app.app);
  for (const service of app.services === "first" ? [] : app.services) checkService(service);
  for (const host of app.hosts) checkHost(host);
}
