import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { fillText } from "../rules/fill.ts";
import { volumeFolders } from "../rules/volume-path.ts";
import type { Attachment, NodeIdentity } from "../storage.ts";
import { keptChanging } from "./apps.ts";
import { finishCreation } from "./creation.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import type { Found } from "./record-folder.ts";
import { notFound } from "./removal.ts";

/** Mount options that mean something for a bind mount; the others are for NFS, or of the whole file system. */
const bindOptions: ReadonlySet<string> = new Set(["relatime", "noatime", "nodiratime", "noexec"]);

/**
 * Leaves a sign of use and says what to mount, if the volume is still the one with that `id` (null: whichever it is). The sign is written before the record is read again, and a removal
 * does it the other way round: so a volume is never mounted while it goes to the trash.
 */
export async function attachVolume(
  parts: Parts,
  layout: Layout,
  name: string,
  id: string | null,
  by: NodeIdentity,
  consumers: readonly string[],
): Promise<Attachment> {
  const before = await usable(parts, layout, name, id);
  const { record } = before;
  const source = await sourceOf(layout, record, parts.url);
  const sign = await parts.uses.own(layout, name, by);
  const since = sign?.since ?? rfc3339(parts.clock.now());
  await parts.uses.write(
    layout,
    { volume: name, since, consumers: [...new Set([...(sign?.consumers ?? []), ...consumers])] },
    by,
  );
  await parts.checkpoint("attach:signed");
  const now = (await parts.volumes.find(layout, name, before))?.record;
  if (now?.id !== record.id || now.state !== "ready") {
    if (sign === null) await parts.uses.remove(layout, name, by);
    throw notFound(name, parts.url);
  }
  return { type: "bind", source, options: optionsOf(now, parts.bound) };
}

async function usable(
  parts: Parts,
  layout: Layout,
  name: string,
  id: string | null,
): Promise<Found<VolumeRecord>> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const found = await parts.volumes.look(layout, name);
    if (found === null) throw notFound(name, parts.url);
    const { record } = found;
    if (record.state === "trashed" || record.state === "retained") throw notFound(name, parts.url);
    if (record.id !== (id ?? record.id)) {
      throw new UserError(
        "conflict",
        `volume "${name}" was removed and made anew at this moment, and is another one now. Try again`,
      );
    }
    if (record.state === "filling") {
      throw new UserError(
        "unavailable",
        `volume "${name}" is still being filled: ${fillText(record) ?? "just begun"}. Try again when it is ready: swarmnfs volumes show ${name}`,
      );
    }
    if (record.state === "ready") return found;
    // One that was left half made: finished, and looked at again.
    await finishCreation(parts, layout, record);
  }
  throw keptChanging(`volume "${name}"`);
}

async function sourceOf(layout: Layout, record: VolumeRecord, url: string): Promise<string> {
  if (record.root) return layout.root.path();
  await using folder = await layout.volume(record);
  const expected = [await layout.root.path(), ...volumeFolders(record)]
    .join("/")
    .replace(/^\/\//, "/");
  if (folder !== null && (await folder.path()) === expected) return expected;
  throw new UserError(
    "unavailable",
    `the directory "${volumeFolders(record).join("/")}" of volume "${record.name}" is missing on ${url}. Put it back from a backup (or make it, empty), or remove the volume`,
  );
}

function optionsOf(record: VolumeRecord, bound: boolean): readonly string[] {
  const readOnly = record.access === "readonly" ? ["ro"] : [];
  return [
    ...readOnly,
    ...record.mountOptions.filter((option) => !bound || bindOptions.has(option)),
  ];
}
