import process from "node:process";
import * as z from "zod";
import { CommandFailed, readBounded } from "../../storage/mounting/bounded-command.ts";
import { viewExits } from "./private-view.ts";
import type { SourceLook } from "./source-guard.ts";
import type { SourceView } from "./source-view.ts";

/** Milliseconds. A storage that hangs for longer is in trouble, and the run with it. */
const lookMs = 30_000;

// In a child, which can be killed when the file system hangs; Node.js is what every image of ours has.
const look = `
const { opendirSync, statSync } = require("node:fs");
const { uid, gid, mode } = statSync(".");
const folder = opendirSync(".");
console.log(JSON.stringify({ uid, gid, mode: mode & 0o7777, empty: folder.readSync() === null }));
`;

const seenSchema = z.object({
  uid: z.number(),
  gid: z.number(),
  mode: z.number(),
  empty: z.boolean(),
});

/**
 * Looks whether a volume's directory is there, can be read, and holds anything; reads one name at most. Throws
 * `CommandFailed` where that says nothing of the volume: the storage hangs, or this container may not mount.
 */
export async function lookAtSource(view: SourceView, boundMs = lookMs): Promise<SourceLook> {
  const { file, args } = view.command(process.execPath, ["-e", look]);
  try {
    const { empty, ...top } = seenSchema.parse(JSON.parse(await readBounded(file, args, boundMs)));
    return { kind: "there", empty, top };
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.timedOut || error.missing) throw error;
    const { exitCode } = error;
    if (exitCode === viewExits.forbidden) throw error;
    const isGone = exitCode === viewExits.missing || exitCode === viewExits.astray;
    if (isGone) return { kind: "gone", reason: error.reason };
    const [, code] = /Error: (\w+)[:,]/.exec(error.reason) ?? [];
    return { kind: "unreadable", reason: `it cannot be read (${code ?? "no reason given"})` };
  }
}
