import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { parseMountinfo } from "../mounting/mountinfo.ts";
import { NoQuotas } from "./no-quotas.ts";
import { ProjectQuotas } from "./project-quotas.ts";
import { quotaSupport } from "./quota-support.ts";
import type { Quotas } from "./quotas.ts";

/** What the quotas of a file system are set by; without them volumes have no sizes. */
export const quotaPrograms = ["chattr", "lsattr", "setquota"] as const;

/** What this machine can do for the directory at `path`, which is absolute and without symlinks. */
export async function systemQuotas(path: string): Promise<Quotas> {
  const found = quotaSupport(parseMountinfo(await readFile("/proc/self/mountinfo", "utf8")), path);
  if ("why" in found) return new NoQuotas(found.why);
  const missing = await missingPrograms();
  if (missing.length === 0) return new ProjectQuotas(found);
  return new NoQuotas(
    `its file system could, but ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing here`,
  );
}

async function missingPrograms(): Promise<string[]> {
  const folders = (process.env["PATH"] ?? "/usr/sbin:/usr/bin").split(delimiter);
  const looked = await Promise.all(
    quotaPrograms.map(async (program) => {
      const tries = folders.map((folder) => access(join(folder, program)));
      return await Promise.any(tries).then(
        () => [],
        () => [program],
      );
    }),
  );
  return looked.flat();
}
