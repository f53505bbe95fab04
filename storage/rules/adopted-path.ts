import { UserError } from "../../service/user-error.ts";
import { sharedApp } from "./names.ts";

/** Folders of the storage that hold volumes, or what is known of them, in any spelling of upper and lower case. */
const ours: ReadonlySet<string> = new Set([".swarmnfs", "apps", sharedApp]);

/** The steps from the storage's root to a directory that is to become a volume. Throws `invalid` if it cannot be one. */
export function adoptedSteps(path: string): readonly string[] {
  if (path.startsWith("/"))
    throw new UserError(
      "invalid",
      `"${path}" begins at the root of a machine, and what is adopted lies on the storage already: say where, from the storage's root on, as in old/blog. What lies elsewhere is copied: swarmnfs import ${path}`,
    );
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  const [first] = steps;
  if (first === undefined)
    throw new UserError(
      "invalid",
      `"${path}" is the storage itself. Say which directory of it is meant, as in old/blog`,
    );
  if (steps.includes("..") || path.includes("\0"))
    throw new UserError(
      "invalid",
      `"${path}" does not name a directory step by step. Say it from the storage's root on, without "..", as in old/blog`,
    );
  if (ours.has(first.toLowerCase()))
    throw new UserError(
      "invalid",
      `"${path}" lies in "${first}", where swarmnfs itself keeps volumes and records. Directories beside it can be adopted: move this one to the storage's root first`,
    );
  return steps;
}
