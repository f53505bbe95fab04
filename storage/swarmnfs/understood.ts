import type * as z from "zod";

/**
 * Parses what a server says. Fields that this version does not know are left out instead of refused: a server may be
 * newer than its nodes, which are upgraded one after the other.
 */
export function understood<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  const first = schema.safeParse(value);
  if (first.success) return first;
  const unknown = first.error.issues.filter((issue) => issue.code === "unrecognized_keys");
  if (unknown.length === 0 || unknown.length < first.error.issues.length) return first;
  const lesser: unknown = structuredClone(value);
  for (const { path, keys } of unknown) {
    const place = path.reduce<unknown>((at, step) => Reflect.get(Object(at), step), lesser);
    for (const key of keys) Reflect.deleteProperty(Object(place), key);
  }
  return schema.safeParse(lesser);
}
