import * as z from "zod";
import { nearest } from "../../service/nearest.ts";
import { UserError } from "../../service/user-error.ts";
import { type Schedule, scheduleSetting } from "../../storage/rules/schedule.ts";

const sorts = ["docker", "trash"] as const;
const dayMs = 86_400_000;

/** What of this node is cleaned up without being asked each time. */
export interface CleanSettings {
  readonly sorts: readonly (typeof sorts)[number][];
  /** Only what has been lying around for so long, milliseconds; null: as is usual. */
  readonly olderThanMs: number | null;
  readonly schedule: Schedule;
}

export const cleanVariables = {
  SWARMNFS_CLEAN: z
    .string()
    .default("off")
    .transform((text, context): CleanSettings["sorts"] => {
      const words = text.split(/[,|\s]/).filter(Boolean);
      if (words.join() === "off") return [];
      const unknown = words.find((word) => !sorts.some((sort) => sort === word));
      if (unknown === undefined) return sorts.filter((sort) => words.includes(sort));
      const likely = nearest(unknown, ["off", ...sorts]);
      context.addIssue(
        `"${unknown}" is nothing that can be cleaned up${likely === null ? "" : `: did you mean "${likely}"?`} off, or ${sorts.join(",")} are expected`,
      );
      return z.NEVER;
    }),
  SWARMNFS_CLEAN_OLDER_THAN: z
    .string()
    .regex(/^[1-9]\d{0,3}d$/, "a number of days is expected, at least one, as 30d")
    .transform((text) => Number(text.slice(0, -1)) * dayMs)
    .optional(),
  SWARMNFS_CLEAN_SCHEDULE: scheduleSetting("weekly", 4),
} as const;

/** Null: nothing is. Throws `UserError` (invalid) for what would do nothing, or more than was meant. */
export function cleanSettings(
  values: z.infer<z.ZodObject<typeof cleanVariables>>,
  docker: string | null,
): CleanSettings | null {
  const {
    SWARMNFS_CLEAN: chosen,
    SWARMNFS_CLEAN_OLDER_THAN: olderThanMs = null,
    SWARMNFS_CLEAN_SCHEDULE: schedule,
  } = values;
  if (chosen.length === 0) return null;
  if (schedule === null)
    throw refused(
      `SWARMNFS_CLEAN=${chosen.join()} with SWARMNFS_CLEAN_SCHEDULE=off never happens. Empty one of them`,
    );
  if (chosen.includes("docker") && docker === null)
    throw refused(
      "SWARMNFS_CLEAN=docker needs Docker, and SWARMNFS_DOCKER=off speaks to none. Leave one of them out",
    );
  if (chosen.includes("trash") && olderThanMs === null)
    throw refused(
      "SWARMNFS_CLEAN=trash needs SWARMNFS_CLEAN_OLDER_THAN, as 14d: what is past the time that it was given when it was removed (SWARMNFS_TRASH_DAYS) goes by itself",
    );
  return { sorts: chosen, olderThanMs, schedule };
}

function refused(why: string): UserError {
  return new UserError("invalid", `the settings cannot be used: ${why}`);
}
