import { readAge } from "../age-option.ts";
import type { Options } from "../call.ts";
import { UsageError } from "../usage-error.ts";

const topic = "clean";

/** Which things are meant. */
export interface Filters {
  /** At least so old, milliseconds; null: as is usual for them. */
  readonly ageMs: number | null;
  /** `KEY` or `KEY=VALUE`, all of which must be there. */
  readonly labels: readonly string[];
  /** One of these; none: all. */
  readonly apps: readonly string[];
  /** The keys that were used. */
  readonly keys: readonly string[];
}

/** Understands `--filter` and `--older-than`; throws `UsageError`. */
export function readFilters({ filter, olderThan }: Pick<Options, "filter" | "olderThan">): Filters {
  const labels: string[] = [];
  const apps: string[] = [];
  for (const word of filter) {
    const [key = "", ...rest] = word.split("=");
    const value = rest.join("=");
    if (value === "" || (key !== "label" && key !== "app"))
      throw new UsageError(
        `"${word}" is no filter: write label=KEY, label=KEY=VALUE or app=NAME`,
        topic,
      );
    (key === "label" ? labels : apps).push(value);
  }
  return {
    ageMs: olderThan === null ? null : readAge(olderThan, topic),
    labels,
    apps,
    keys: [...(labels.length > 0 ? ["label"] : []), ...(apps.length > 0 ? ["app"] : [])],
  };
}

/** Whether all of the labels are there. */
export function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: readonly string[],
): boolean {
  return wanted.every((each) => {
    const [key = "", ...value] = each.split("=");
    if (!Object.hasOwn(labels, key)) return false;
    return value.length === 0 || labels[key] === value.join("=");
  });
}
