import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";

/** What the bundler writes into `service/version.ts`. */
export interface BuildIdentity {
  readonly version: string;
  /** Different for every build: Docker refuses a second plugin whose files are identical to another's. */
  readonly id: string;
}

/** Of a build that is made now, of the release in package.json. */
export async function newIdentity(): Promise<BuildIdentity> {
  const file = path.join(import.meta.dirname, "../package.json");
  const manifest: unknown = JSON.parse(await readFile(file, "utf8"));
  const { version } = z.object({ version: z.string() }).parse(manifest);
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return { version, id: `${version}+${time}.${randomBytes(3).toString("hex")}` };
}
