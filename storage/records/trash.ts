import * as z from "zod";
import { appRecordSchema } from "./app.ts";
import { timeSchema } from "./fields.ts";
import { volumeRecordSchema } from "./volume.ts";

/** `<root>/.swarmnfs/trash/<volume>@<time>-<id>/record.json`, beside the volume's `data/`. */
export const trashRecordSchema = z.looseObject({
  schema: z.literal(1),
  volume: volumeRecordSchema,
  /** The app's rules at that moment: given back by undelete when the app is gone. */
  app: appRecordSchema.nullable(),
  removedAt: timeSchema,
  removedBy: z.string(),
  /** From then on the housekeeper may destroy it. */
  purgeAt: timeSchema,
});

export type TrashRecord = z.infer<typeof trashRecordSchema>;
