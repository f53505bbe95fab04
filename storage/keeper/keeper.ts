import { setPriority } from "node:os";
import process from "node:process";
import { UserError } from "../../service/user-error.ts";
import type { DirectorySettings } from "../directory/directory-storage.ts";
import type { Storage } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";
import type { Answer, Failure, KeptStorage, Question, Welcome } from "./protocol.ts";

/** Milliseconds between two signs of progress: enough to tell work from hanging. */
const progressEveryMs = 500;

/** Makes the storage that a keeper keeps. `progress` is to be called whenever long work got on. */
export type MakeStorage = (settings: DirectorySettings, progress: () => void) => KeptStorage;

/**
 * Turns this process into a keeper: a child that does the work on the file system for its parent, who can kill it when
 * the file system hangs. Needs an IPC channel; `--idle` makes it give way to everybody else. It ends with its parent.
 */
export function keep(makeStorage: MakeStorage): void {
  const keeper = new Keeper(makeStorage);
  if (process.argv.includes("--idle")) setPriority(19);
  // A terminal's ^C and a container's stop go to all processes: ours is the parent's end, when the work is done.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message: Welcome | Question) => {
    if ("settings" in message) keeper.welcome(message);
    else void keeper.answer(message);
  });
  tell({ kind: "ready" });
}

class Keeper {
  readonly #makeStorage: MakeStorage;
  #storage: KeptStorage | null = null;
  #knownId: string | null = null;
  #opening: Promise<unknown> | null = null;
  #lastProgress = 0;

  constructor(makeStorage: MakeStorage) {
    this.#makeStorage = makeStorage;
  }

  welcome({ settings, knownId }: Welcome): void {
    this.#knownId = knownId;
    this.#storage = this.#makeStorage(settings, () => this.#progress());
  }

  async answer({ id, method, args }: Question): Promise<void> {
    try {
      if (this.#storage === null) throw new Error("a question came before the welcome");
      if (method !== "open") await this.#openKnown(this.#storage);
      const result: unknown = await Reflect.apply(this.#storage[method], this.#storage, args);
      if (method === "open") this.#opening = Promise.resolve();
      tell({ kind: "result", id, result });
    } catch (error) {
      tell({ kind: "failure", id, failure: failureOf(error) });
    }
  }

  /** A child that replaces one that was killed opens the storage by itself. */
  async #openKnown(storage: Storage): Promise<void> {
    if (this.#knownId === null) return; // never opened before: the storage says so itself
    this.#opening ??= storage.open(this.#knownId).catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    await this.#opening;
  }

  #progress(): void {
    const now = performance.now();
    if (now - this.#lastProgress < progressEveryMs) return;
    this.#lastProgress = now;
    tell({ kind: "progress" });
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof UserError) {
    const kind = error instanceof StorageUnavailable ? "storage" : "user";
    return { kind, code: error.code, message: error.message };
  }
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return { kind: "internal", message, stack };
}

function tell(message: Answer): void {
  if (process.connected) process.send?.(message);
}
