import { stat } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";
import { PassThrough, type Readable } from "node:stream";
import { execa } from "execa";
import type { PrivateView } from "../source/private-view.ts";
import type { PackSize } from "./pack-size.ts";
import { failureOf } from "./restic-failure.ts";
import { errorSchema } from "./restic-messages.ts";
import { Watch } from "./watch.ts";

/** How restic is run in this container. */
export interface ResticPlace {
  /** The program, at least 0.18. */
  readonly program: string;
  readonly passwordFile: string;
  /** Kept between runs; a lost one only costs time. */
  readonly cache: string;
  /** Where packs are put together: a full one is fatal. */
  readonly temporary: string;
  /** The host name in its locks; null: the container's own. */
  readonly lockHost: string | null;
  /** Bytes that restic should stay below (GOMEMLIMIT), or null. */
  readonly memory: number | null;
  /** How large packs are made; absent: as restic does by itself. */
  readonly packs?: PackSize;
}

export interface ResticCall {
  readonly args: readonly string[];
  /** Where the repository is and how it is reached; never in the arguments, which everybody can see. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it may see of the storage; absent: what this process sees. */
  readonly view?: Pick<PrivateView, "command">;
  readonly signal?: AbortSignal | undefined;
  /** Each JSON document that it prints, a line each, its errors among them; what is no JSON is left out. */
  readonly onMessage?: (message: unknown) => void;
  /** Takes what it prints instead, as bytes. */
  readonly onOutput?: (output: Readable) => Promise<void>;
  /** Something that changes while it gets on although it prints nothing new, such as bytes sent. */
  readonly pulse?: () => number;
  /** Exit codes besides 0 that are no failure. */
  readonly accepts?: readonly number[];
}

export interface ResticEnding {
  readonly exitCode: number;
  /** Error messages and other lines that it said, the last hundred. */
  readonly said: readonly string[];
}

const remembered = 100;
/**
 * Packs on their way at a time; restic's own are five. With packs of 64 MiB that would be 320 MiB to send again after a line broke.
 * A restore of 200 MB took as long (2.4 s, medians of three, in turn) and about as much memory (183 and 190 MB).
 */
const connections = 3;
/**
 * Per cent by which Go's heap grows before it is collected. A first backup of 200 MB took 107 MB instead of 121 with Go's own 100, an
 * unchanged one the same 62, and neither took more of the processor (medians of three, in turn).
 */
const collectAt = "30";

/** Runs restic, and sees to it that it ends: with its work, when asked, when it is stuck, and when this process ends. */
export class Restic {
  readonly place: ResticPlace;
  readonly #working = new Map<string, number>();
  /** By repository: the state of the password file with which it was last opened. */
  readonly #opened = new Map<string, string>();

  constructor(place: ResticPlace) {
    this.place = place;
  }

  /** Notes that a restic of ours works on a repository, and may have a lock in it; returns how to note its end. */
  begin(repository: string): () => void {
    const count = (by: number): void => {
      this.#working.set(repository, (this.#working.get(repository) ?? 0) + by);
    };
    count(1);
    return () => count(-1);
  }

  worksOn(repository: string): boolean {
    return (this.#working.get(repository) ?? 0) > 0;
  }

  /** Whether the password as it is now was seen to open a repository: asking takes restic a second. */
  async hasOpened(repository: string): Promise<boolean> {
    return this.#opened.get(repository) === (await this.#passwordNow());
  }

  /** Notes that it does. */
  async noteOpened(repository: string): Promise<void> {
    this.#opened.set(repository, await this.#passwordNow());
  }

  /** Throws {@link ResticFailure} for every ending but 0 and what the call accepts. */
  async run(call: ResticCall): Promise<ResticEnding> {
    const { file, args } = this.#command(call);
    const child = execa(file, args, {
      env: { ...this.#environment(), ...call.environment },
      extendEnv: false,
      buffer: false,
      reject: false,
      stdin: "ignore",
      // The parent's end is seen to by setpriv.
      cleanup: false,
    });
    if (child.pid !== undefined) lowerPriority(child.pid);
    const watch = new Watch(call, child);
    const said = saying();
    const readings = [
      ...(call.onOutput
        ? [call.onOutput(child.stdout)]
        : [eachLine(child.stdout, (line) => tell(line, call, said, watch))]),
      eachLine(child.stderr, (line) => hear(line, call, said)),
    ];
    try {
      const [ending] = await Promise.all([child, ...readings]);
      const { exitCode, signal } = ending;
      const isFine = exitCode === 0 || call.accepts?.includes(exitCode ?? -1) === true;
      if (watch.ended === null && isFine && exitCode !== undefined)
        return { exitCode, said: said.lines };
      throw failureOf({
        command: call.args[0] ?? "",
        exitCode: exitCode ?? null,
        signal: signal ?? null,
        ended: watch.ended,
        said: said.lines,
      });
    } finally {
      watch.stop();
      child.kill("SIGKILL");
    }
  }

  /** Everything that it prints, as text. */
  async text(call: ResticCall): Promise<string> {
    let text = "";
    await this.run({
      ...call,
      onOutput: async (output) => {
        output.setEncoding("utf8");
        for await (const chunk of output) text += String(chunk);
      },
    });
    return text;
  }

  /** One JSON document, null if it prints nothing. */
  async ask(call: ResticCall): Promise<unknown> {
    const text = await this.text(call);
    return text.trim() === "" ? null : (JSON.parse(text) as unknown);
  }

  /**
   * What it prints, as bytes that are read when they are wanted; a failure is the stream's. Whoever stops reading destroys
   * the stream, and restic ends (it is not left to find out by itself: that leaves a lock behind).
   */
  stream(call: ResticCall): { readonly output: Readable; readonly ended: Promise<void> } {
    const output = new PassThrough();
    const stop = new AbortController();
    output.once("close", () => stop.abort());
    const signal = AbortSignal.any([stop.signal, ...(call.signal ? [call.signal] : [])]);
    const copy = async (from: Readable): Promise<void> => {
      for await (const chunk of from) {
        if (stop.signal.aborted) break;
        if (!output.write(chunk)) await drained(output, stop.signal);
      }
    };
    const ended = this.run({ ...call, signal, onOutput: copy }).then(
      () => void output.end(),
      (error: Error) => void output.destroy(error),
    );
    return { output, ended };
  }

  async #passwordNow(): Promise<string> {
    const { ino, size, mtimeNs } = await stat(this.place.passwordFile, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  }

  #command({ args, view }: ResticCall): {
    readonly file: string;
    readonly args: readonly string[];
  } {
    const { program, lockHost } = this.place;
    const whole = [
      "--stuck-request-timeout",
      "15m",
      "-o",
      `rest.connections=${connections}`,
      ...args,
    ];
    const seen = view?.command(program, whole) ?? { file: program, args: whole };
    const named =
      lockHost === null
        ? [seen.file, ...seen.args]
        : ["unshare", "--uts", "--", "sh", "-c", naming, lockHost, seen.file, ...seen.args];
    // It ends with this process, also when that is killed; and disks serve everybody else first.
    return {
      file: "setpriv",
      args: ["--pdeathsig", "KILL", "--", "ionice", "-c", "3", "-t", ...named],
    };
  }

  #environment(): Record<string, string> {
    const { passwordFile, cache, temporary, memory, packs } = this.place;
    return {
      PATH: process.env["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
      HOME: temporary,
      TMPDIR: temporary,
      // Of --time, which restic reads as local time.
      TZ: "UTC",
      RESTIC_PASSWORD_FILE: passwordFile,
      RESTIC_CACHE_DIR: cache,
      RESTIC_PROGRESS_FPS: "1",
      GOGC: collectAt,
      ...(packs !== undefined && { RESTIC_PACK_SIZE: String(packs.mebibytes) }),
      ...(memory !== null && { GOMEMLIMIT: String(memory) }),
    };
  }
}

const naming = 'hostname "$0" && exec "$@"';

interface Said {
  readonly lines: string[];
}

function saying(): Said {
  return { lines: [] };
}

function tell(line: string, call: ResticCall, said: Said, watch: Watch): void {
  watch.heard(line);
  const message = parsed(line);
  if (message === undefined) remember(said, line);
  else call.onMessage?.(message);
}

/** What it says of errors is JSON as well, since 0.18; libraries of it write text. */
function hear(line: string, call: ResticCall, said: Said): void {
  const message = parsed(line);
  if (message !== undefined) call.onMessage?.(message);
  remember(said, sentenceOf(message) ?? line);
}

function sentenceOf(message: unknown): string | null {
  const { item, error, message: text } = errorSchema.safeParse(message).data ?? {};
  const sentence = error?.message ?? text;
  if (sentence === undefined) return null;
  return item === undefined || item === "" ? sentence : `${item}: ${sentence}`;
}

function remember(said: Said, line: string): void {
  if (line.trim() === "") return;
  said.lines.push(...line.trim().split("\n"));
  said.lines.splice(0, said.lines.length - remembered);
}

function parsed(line: string): unknown {
  if (!/^\s*[[{]/.test(line)) return undefined;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

async function eachLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}

/** Before the program itself has started: threads that it makes later inherit it. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It is over already, or not allowed: it works without.
  }
}

function drained(output: PassThrough, stop: AbortSignal): Promise<void> {
  const waiting = Promise.withResolvers<void>();
  if (stop.aborted) waiting.resolve();
  output.once("drain", () => waiting.resolve());
  stop.addEventListener("abort", () => waiting.resolve(), { once: true });
  return waiting.promise;
}
