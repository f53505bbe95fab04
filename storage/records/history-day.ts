import * as z from "zod";
import { nameSchema, timeSchema } from "./fields.ts";

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
  /** By volume, as far as they were counted: bytes, and files where these are known. Short, since there are many. */
  volumes: z.record(nameSchema, z.tuple([bytes, z.int().min(0).nullable()])),
});

export type HistoryDay = z.infer<typeof historyDaySchema>;
