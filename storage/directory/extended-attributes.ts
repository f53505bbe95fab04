import { spawn } from "node:child_process";
import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import process from "node:process";
import { buffer, text } from "node:stream/consumers";
import { UserError } from "../../service/user-error.ts";

/** What is copied: not the labels of the host's security module, which every host gives by itself. */
const copied = String.raw`^(user\.|trusted\.|system\.posix_acl_|security\.capability$)`;
/** Of these: what nobody needs a special right for, so that none of it may be missing in the end. */
const wanted = String.raw`^(user\.|system\.posix_acl_)`;

const tickEveryMs = 1_000;

/** An open file or directory. */
type Open = Pick<FileHandle, "fd">;

interface Pair {
  readonly from: Open;
  readonly to: Open;
}

/** Pairs that are asked for while others are worked on are the next piece of work. */
class Batches<Result> {
  readonly #work: (pairs: readonly Pair[]) => Promise<readonly Result[]>;
  #waiting: (Pair & { readonly done: PromiseWithResolvers<Result> })[] = [];
  #isAtWork = false;

  constructor(work: (pairs: readonly Pair[]) => Promise<readonly Result[]>) {
    this.#work = work;
  }

  ask(from: Open, to: Open): Promise<Result> {
    const done = Promise.withResolvers<Result>();
    this.#waiting.push({ from, to, done });
    void this.#run();
    return done.promise;
  }

  async #run(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const now = this.#waiting.splice(0);
      try {
        const results = await this.#work(now);
        for (const [index, result] of results.entries()) now[index]?.done.resolve(result);
      } catch (error) {
        for (const { done } of now) done.reject(error);
      }
    }
    this.#isAtWork = false;
  }
}

/**
 * Copies extended attributes, ACLs among them, for which Node.js has no calls: by getfattr(1) and setfattr(1), some files at
 * a time. These reach files by our own descriptors alone (`/proc/<our id>/fd/…`): no name is looked up on the storage, and
 * when this process is killed, they reach nothing any more.
 */
export class ExtendedAttributes {
  readonly #copies = new Batches<void>(copyAll);
  readonly #comparisons = new Batches<boolean>(compareAll);

  /**
   * For what is in this directory; null where nothing has attributes, which is so of most, or the two programs are not there.
   * A look by names, which decides nothing but whether files are asked one by one. `tick` is called while it goes on.
   */
  static async of(directory: string, tick: () => unknown): Promise<ExtendedAttributes | null> {
    const args = ["--recursive", "--physical", `--match=${copied}`, "."];
    // As seen by the child, which is not ourselves.
    const cwd = directory.replace(/^\/proc\/self\//, `/proc/${process.pid}/`);
    const child = spawn("getfattr", args, { cwd, stdio: ["ignore", "pipe", "ignore"] });
    const ended = once(child, "close").catch(() => undefined);
    const any = once(child.stdout, "data").then(
      () => true,
      () => false,
    );
    const ticking = setInterval(tick, tickEveryMs);
    const hasAny = await Promise.race([any, ended.then(() => false)]);
    clearInterval(ticking);
    child.kill("SIGKILL");
    await ended;
    return hasAny ? new ExtendedAttributes() : null;
  }

  /** Both stay open until it settles. Throws `unavailable` if something that nobody needs a right for could not be set. */
  copy(from: Open, to: Open): Promise<void> {
    return this.#copies.ask(from, to);
  }

  /** Whether the second has all that the first has, of what nobody needs a right for. Both stay open until it settles. */
  same(from: Open, to: Open): Promise<boolean> {
    return this.#comparisons.ask(from, to);
  }
}

async function copyAll(requests: readonly Pair[]): Promise<readonly void[]> {
  const found = await read(
    requests.map(({ from }) => from),
    copied,
  );
  const toSet = requests.flatMap(({ from, to }) => {
    const lines = found.get(place(from));
    return lines === undefined ? [] : [[`# file: ${place(to)}`, ...lines, ""].join("\n")];
  });
  const done = requests.map(() => undefined);
  if (toSet.length === 0) return done;
  const complaint = await set(`${toSet.join("\n")}\n`);
  if (complaint === null) return done;
  const [now, meant] = await Promise.all([
    read(
      requests.map(({ to }) => to),
      wanted,
    ),
    read(
      requests.map(({ from }) => from),
      wanted,
    ),
  ]);
  for (const { from, to } of requests)
    if (missing(meant.get(place(from)), now.get(place(to))))
      throw new UserError(
        "unavailable",
        `extended attributes cannot be copied: ${complaint}. Is the file system full, or without them?`,
      );
  return done;
}

async function compareAll(pairs: readonly Pair[]): Promise<readonly boolean[]> {
  const [meant, now] = await Promise.all([
    read(
      pairs.map(({ from }) => from),
      wanted,
    ),
    read(
      pairs.map(({ to }) => to),
      wanted,
    ),
  ]);
  return pairs.map(({ from, to }) => !missing(meant.get(place(from)), now.get(place(to))));
}

/** By place: the lines of getfattr, for those that have any. */
async function read(
  files: readonly Open[],
  match: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const places = files.map(place);
  const how = ["--dump", "--absolute-names", "--encoding=base64", `--match=${match}`, "--"];
  const child = spawn("getfattr", [...how, ...places], { stdio: ["ignore", "pipe", "ignore"] });
  const [bytes] = await Promise.all([buffer(child.stdout), once(child, "close")]);
  // Names of attributes may be any bytes.
  const blocks = bytes.toString("latin1").split(/\n\n/);
  return new Map(
    blocks.flatMap((block) => {
      const [headline = "", ...lines] = block.split("\n").filter(Boolean);
      return headline.startsWith("# file: ") ? [[headline.slice("# file: ".length), lines]] : [];
    }),
  );
}

/** Answers what it complained of, or null. */
async function set(lines: string): Promise<string | null> {
  const child = spawn("setfattr", ["--restore=-"], { stdio: ["pipe", "ignore", "pipe"] });
  child.stdin.on("error", () => undefined); // it says why
  child.stdin.end(lines, "latin1");
  const [said, [code]] = await Promise.all([
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  if (code === 0) return null;
  return (
    said
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^.*: (?=[^:]+$)/, "") ?? "setfattr was killed"
  );
}

function missing(meant: readonly string[] = [], now: readonly string[] = []): boolean {
  return meant.some((line) => !now.includes(line));
}

function place({ fd }: Open): string {
  return `/proc/${process.pid}/fd/${fd}`;
}
