import { UserError } from "../../service/user-error.ts";

/**
 * Patterns of restic for paths as people write them below a volume's top: `posts/one.md`, `/conf`, `*.sql`. A pattern
 * without a slash is meant anywhere. Throws `invalid` for what leads out.
 */
export function wantedPaths(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const steps = path.split("/").filter((step) => step !== "" && step !== ".");
    if (steps.length === 0 || steps.includes("..") || path.includes("\0"))
      throw new UserError(
        "invalid",
        `"${path}" is no path below the volume's top. Write it as "swarmnfs backup ls" shows it, like /posts/one.md; leave it out for everything`,
      );
    const isAnywhere = steps.length === 1 && !path.startsWith("/") && /[*?[]/.test(path);
    return isAnywhere ? path : `/${steps.join("/")}`;
  });
}
