import * as z from "zod";
import { nearest } from "./nearest.ts";
import { UserError } from "./user-error.ts";

/** How variables of ours begin, so that a misspelt one is noticed. */
const usualPrefixes = ["SWARMNFS_"];

/**
 * Reads settings from environment variables. `shape` maps a variable's full name to the schema of its text; an unset
 * or empty variable takes the schema's default (docker plugin set can only empty a variable, never unset it). Every
 * variable with one of the prefixes has to be in the shape. Variables that may hold a secret must take any text, since
 * what is wrong is repeated in messages.
 *
 * Throws `UserError` (invalid) that names every misspelt variable and every wrong value at once.
 */
export function readSettings<Shape extends z.ZodRawShape>(
  shape: Shape,
  environment: NodeJS.ProcessEnv,
  prefixes: readonly string[] = usualPrefixes,
): z.infer<z.ZodObject<Shape>> {
  const known = Object.keys(shape);
  const given = Object.entries(environment).filter(
    ([name, value]) =>
      value && (Object.hasOwn(shape, name) || prefixes.some((prefix) => name.startsWith(prefix))),
  );
  const faults = given
    .filter(([name]) => !Object.hasOwn(shape, name))
    .map(([name]) => {
      const likely = nearest(name, known);
      return `unknown variable ${name}${likely === null ? `. Known: ${known.join(", ")}` : `: did you mean ${likely}?`}`;
    });

  const values = Object.fromEntries(given.filter(([name]) => Object.hasOwn(shape, name)));
  const parsed = z.object(shape).safeParse(values);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      faults.push(`${name}=${JSON.stringify(environment[name] ?? "")} is wrong: ${issue.message}`);
    }
  }
  if (faults.length > 0 || !parsed.success) {
    throw new UserError("invalid", `the settings cannot be used: ${faults.join("; ")}`);
  }
  return parsed.data;
}
