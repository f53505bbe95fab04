import { setPriority } from "node:os";
import process from "node:process";
import { systemClock } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { DirectoryStorage } from "../directory/directory-storage.ts";
import { StorageUnavailable } from "../unavailable.ts";
import type { Answer, Failure, Question, Welcome } from "./protocol.ts";

/**
 * The keeper: a child process that does the work on the file system for its parent, who can kill it when the file
 * system hangs. Started with an IPC channel; `--idle` makes it give way to everybody else. It ends with its parent.
 */

/** Milliseconds between two signs of progress: enough to tell work from hanging. */
const progressEveryMs = 500;

let storage: DirectoryStorage | null = null;
let knownId: string | null = null;
let opened = false;
let lastProgress = 0;

if (process.argv.includes("--idle")) setPriority(19);
// A terminal's ^C and a container's stop go to all processes: ours is the parent's end, when the work is done.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));
process.on("message", (message: Welcome | Question) => {
  if ("settings" in message) welcome(message);
  else void answer(message);
});
tell({ kind: "ready" });

function welcome({ settings, knownId: id }: Welcome): void {
  knownId = id;
  storage = new DirectoryStorage(settings, { clock: systemClock, progress });
}

async function answer({ id, method, args }: Question): Promise<void> {
  try {
    if (storage === null) throw new Error("a question came before the welcome");
    if (method !== "open") await openKnown(storage);
    const result: unknown = await Reflect.apply(storage[method], storage, args);
    if (method === "open") opened = true;
    tell({ kind: "result", id, result });
  } catch (error) {
    tell({ kind: "failure", id, failure: failureOf(error) });
  }
}

/** A child that replaces one that was killed opens the storage by itself. */
async function openKnown(kept: DirectoryStorage): Promise<void> {
  if (opened || knownId === null) return;
  await kept.open(knownId);
  opened = true;
}

function progress(): void {
  const now = performance.now();
  if (now - lastProgress < progressEveryMs) return;
  lastProgress = now;
  tell({ kind: "progress" });
}

function failureOf(error: unknown): Failure {
  if (error instanceof UserError) {
    return {
      kind: error instanceof StorageUnavailable ? "storage" : "user",
      code: error.code,
      message: error.message,
    };
  }
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return { kind: "internal", message, stack };
}

function tell(message: Answer): void {
  if (process.connected) process.send?.(message);
}
