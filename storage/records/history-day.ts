import * as z from "zod";
import { timeSchema } from "./fields.ts";

const bytes = z.number().min(0);

/**
 * How much the storage held on one day, `<root>/.swarmnfs/history/2026-11-23.json`: written once by whoever keeps house
 * that day, and never again.
 */
export const historyDaySchema = z.looseObject({
  schema: z.literal(1),
  at: timeSchema,
  /** Of the file system, bytes. */
  total: bytes,
  free: bytes,
  /**
   * By volume, as far as they were counted: bytes, and files where these are known. Short, since there are many; and each is looked
   * at only when it is wanted ({@link bytesOf}), since there are many of these files as well.
   */
  volumes: z.custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  ),
});

export type HistoryDay = z.infer<typeof historyDaySchema>;

/** What a volume held on that day; null: it is not known, or not understood. */
export function bytesOf({ volumes }: HistoryDay, name: string): number | null {
  const row = Object.hasOwn(volumes, name) ? volumes[name] : null;
  const held: unknown = Array.isArray(row) ? row[0] : null;
  return typeof held === "number" && held >= 0 ? held : null;
}
