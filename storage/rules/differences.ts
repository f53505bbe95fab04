import { exactSize } from "../../service/size.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { sameList } from "./narrowing.ts";
import { optionNames, parseOptions, type OptionName, type VolumeOptions } from "./options.ts";

/** One option that was asked for differently from what the volume has. */
export interface Difference {
  readonly option: OptionName;
  readonly has: string;
  readonly asked: string;
}

/**
 * What a request asks for that an existing volume does not have. Only what was asked for counts; where the volume was
 * once asked for the same option, the two texts are compared by meaning, otherwise with what the volume has by now.
 */
export function differences(record: VolumeRecord, options: VolumeOptions): readonly Difference[] {
  const before = parseOptions(record.options);
  return optionNames.flatMap((option) => {
    const asked = options.asked[option];
    if (asked === undefined) return [];
    const same = meaning(option, options);
    const once = record.options[option];
    const has = once === undefined ? effective(option, record) : meaning(option, before);
    if (same === has || sameList(same.split(","), has.split(","))) return [];
    return [{ option, has: once ?? has, asked }];
  });
}

/** `app=blog, and app=shop was asked for`. */
export function describeDifferences(found: readonly Difference[]): string {
  const has = found.map(({ option, has: value }) => `${option}=${value}`).join(", ");
  const asked = found.map(({ option, asked: value }) => `${option}=${value}`).join(", ");
  return `${has}, and ${asked} was asked for`;
}

/** What an option of a request comes to, as one writes it; `none` if it was not asked for. */
export function meaning(option: OptionName, options: VolumeOptions): string {
  return text(option, {
    ...options,
    "on-remove": options.onRemove,
    "mount-options": options.mountOptions,
  });
}

function effective(option: OptionName, record: VolumeRecord): string {
  return text(option, {
    ...record,
    ...record.owner,
    from: record.fill?.from ?? null,
    "on-remove": record.onRemove,
    "mount-options": record.mountOptions,
  });
}

function text(option: OptionName, values: Readonly<Partial<Record<OptionName, unknown>>>): string {
  const value = values[option];
  if (option === "mode" && typeof value === "number") return value.toString(8).padStart(4, "0");
  if (option === "size" && typeof value === "number") return exactSize(value);
  if (Array.isArray(value)) return value.join(",");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return String(value);
  return "none";
}
