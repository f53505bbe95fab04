import { CommandFailed, readBounded } from "../../storage/mounting/bounded-command.ts";
import { viewExits } from "./private-view.ts";
import type { SourceLook } from "./source-guard.ts";
import type { SourceView } from "./source-view.ts";

/** Milliseconds. A storage that hangs for longer is in trouble, and the run with it. */
const lookMs = 30_000;

/**
 * Looks whether a volume's directory is there, can be read, and holds anything; reads one name at most. Throws
 * `CommandFailed` where that says nothing of the volume: the storage hangs, or this container may not mount.
 */
export async function lookAtSource(view: SourceView): Promise<SourceLook> {
  const { file, args } = view.command("find", [
    ".",
    "-mindepth",
    "1",
    "-maxdepth",
    "1",
    "-print0",
    "-quit",
  ]);
  try {
    return { kind: "there", empty: (await readBounded(file, args, lookMs)) === "" };
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.timedOut || error.missing) throw error;
    const exit = exitOf(error);
    if (exit === viewExits.forbidden) throw error;
    const isGone = exit === viewExits.missing || exit === viewExits.astray;
    return { kind: isGone ? "gone" : "unreadable", reason: error.reason };
  }
}

function exitOf({ cause }: Error): unknown {
  return cause instanceof Error && "exitCode" in cause ? cause.exitCode : undefined;
}
