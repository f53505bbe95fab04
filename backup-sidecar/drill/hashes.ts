import process from "node:process";
import * as z from "zod";
import { readBounded } from "../../storage/mounting/bounded-command.ts";
import type { PrivateView } from "../source/private-view.ts";

/** Milliseconds for a sample's files. */
const longestMs = 5 * 60_000;

// In a child with nothing but the volume: a file system that hangs, or a link that leads out, is not this process's.
const script = `
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const buffer = Buffer.alloc(1 << 20);
const facts = JSON.parse(process.argv[1]).map((path) => {
  let file;
  try {
    file = fs.openSync("." + path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const found = fs.fstatSync(file);
    if (!found.isFile()) return null;
    const hash = createHash("sha256");
    for (let read; (read = fs.readSync(file, buffer)) > 0; ) hash.update(buffer.subarray(0, read));
    return { size: found.size, mtimeMs: found.mtimeMs, sha256: hash.digest("hex") };
  } catch {
    return null;
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
});
console.log(JSON.stringify(facts));
`;

const factsSchema = z.array(
  z.object({ size: z.number(), mtimeMs: z.number(), sha256: z.string() }).nullable(),
);
export type FileFacts = z.infer<typeof factsSchema>[number];

/** Size, time and hash of files in a view; null for one that is not there, or no file. Throws `CommandFailed`. */
export async function hashesOf(
  view: Pick<PrivateView, "command">,
  paths: readonly string[],
): Promise<FileFacts[]> {
  const { file, args } = view.command(process.execPath, ["-e", script, JSON.stringify(paths)]);
  return factsSchema.parse(JSON.parse(await readBounded(file, args, longestMs)));
}
