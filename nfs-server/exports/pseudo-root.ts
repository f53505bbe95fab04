import { mkdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { bounded } from "../../service/bounded.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { Directory } from "../../storage/directory/confined.ts";
import { isTrouble } from "../../storage/directory/file-trouble.ts";
import { Mutex } from "../../storage/directory/mutex.ts";
import { runBounded } from "../../storage/mounting/bounded-command.ts";
import { parseMountinfo, topmostAt } from "../../storage/mounting/mountinfo.ts";
import { volumeFolders } from "../../storage/rules/volume-path.ts";
import type { Export } from "./exports.ts";

/** What a volume's place follows from. */
export interface ShownVolume extends Pick<Export, "volume" | "app"> {
  /** Of what is no volume: where it lies, from the storage's root on. */
  readonly folders?: readonly string[];
}

/** How long mount(8) and umount(8) may take, and the data disk to open a directory, in milliseconds. */
const boundMs = 8_000;
/** Directories that are open at once, and mounted by one mount(8): a thousand volumes after a restart are ten of them. */
const batchSize = 100;
/** Node.js has four threads for files. Those that a hanging disk takes do not come back, so one is left. */
const openedAtOnce = 3;
/** Of the tmpfs, for people who read the mount table. */
const source = "swarmnfs-exports";
/** No place needs more than one; more than this is a loop. */
const mostLayers = 16;

/**
 * The directory that clients see as `server:/`: a small tmpfs with one bind mount for each volume that somebody may have.
 * It belongs to the mount namespace, not to this process: an agent that starts again finds its mounts in place.
 */
export class PseudoRoot {
  /** An absolute path without symlinks. */
  readonly path: string;
  readonly #data: string;
  /** Places that hold a mount: those proved to be the volume's own directory, and those of before that are not yet. */
  readonly #mounted = new Map<string, "proved" | "found">();
  /** Mounting is quick, and two at once for one place would lie on top of each other. */
  readonly #turn = new Mutex();

  /** `data` is the storage's root. */
  constructor(path: string, data: string) {
    this.path = path;
    this.#data = data;
  }

  /** Makes the tmpfs, unless it is there, and takes over the mounts in it. Throws `CommandFailed`. */
  async open(): Promise<void> {
    await mkdir(this.path, { recursive: true });
    if (topmostAt(await table(), this.path)?.source !== source) {
      const options = "nosuid,nodev,noexec,size=64m,mode=0755";
      await runBounded("mount", ["-t", "tmpfs", "-o", options, source, this.path], boundMs);
      // Nobody else's mount table fills with our volumes, and theirs do not appear below our root.
      await runBounded("mount", ["--make-private", this.path], boundMs);
    }
    for (const { mountPoint } of await table())
      if (mountPoint.startsWith(`${this.path}/`))
        this.#mounted.set(mountPoint.slice(this.path.length + 1), "found");
  }

  /** Another disk may lie under the data now: what is shown is proved again before it is shown to anybody else. */
  doubt(): void {
    for (const place of this.#mounted.keys()) this.#mounted.set(place, "found");
  }

  /** Places that hold a mount, of volumes that may be gone by now. */
  shown(): readonly string[] {
    return [...this.#mounted.keys()];
  }

  /**
   * Shows volumes, all at once. The answer has why not, for those that cannot be shown: `not-found` where the directory is
   * not there or is a symlink, `unavailable` where the data disk or mount(8) does not do it in time.
   */
  async show(volumes: readonly ShownVolume[]): Promise<ReadonlyMap<string, UserError>> {
    const failures = new Map<string, UserError>();
    const wanted = volumes.filter(({ volume }) => this.#mounted.get(volume) !== "proved");
    for (let at = 0; at < wanted.length; at += batchSize) {
      const batch = wanted.slice(at, at + batchSize);
      await this.#turn.run(() => this.#showBatch(batch, failures));
    }
    return failures;
  }

  /** The volume's place is gone; what clients still have open in it goes on until they are told otherwise. */
  async hide(volume: string): Promise<void> {
    await this.#turn.run(async () => {
      const inner = this.shown().filter((place) => place.startsWith(`${volume}/`));
      for (const place of inner) await this.#clear(place);
      await this.#clear(volume);
    });
  }

  async #showBatch(
    volumes: readonly ShownVolume[],
    failures: Map<string, UserError>,
  ): Promise<void> {
    await using opened = new OpenFolders(this.#data);
    const queue = [...volumes];
    const ready: { readonly volume: string; readonly directory: Directory }[] = [];
    const worker = async (): Promise<void> => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift())
        try {
          const { volume: name, app } = each;
          const folders = each.folders ?? volumeFolders({ app, name, root: false });
          const late = (): UserError => silent(name);
          const directory = await bounded(opened.open(folders), boundMs, late);
          if (await this.#isShown(each.volume, directory)) continue;
          await this.#clear(each.volume);
          await mkdir(this.#placeOf(each.volume), { mode: 0o755, recursive: true });
          ready.push({ volume: each.volume, directory });
        } catch (error) {
          failures.set(each.volume, why(error, each));
        }
    };
    await Promise.all(Array.from({ length: openedAtOnce }, worker));
    const complaint = await this.#mount(ready);
    for (const { volume, directory } of ready)
      if (!(await this.#isShown(volume, directory))) {
        await this.#clear(volume);
        failures.set(volume, notMounted(volume, complaint));
      }
  }

  /** Whether what is mounted is this very directory; remembered if it is. */
  async #isShown(volume: string, directory: Directory): Promise<boolean> {
    const compare = async (): Promise<boolean> => {
      const wanted = await directory.self();
      const there = await stat(this.#placeOf(volume), { bigint: true }).catch(() => null);
      return there?.ino === wanted.ino && there.dev === wanted.dev;
    };
    const isShown = await bounded(compare(), boundMs, () => silent(volume));
    if (isShown) this.#mounted.set(volume, "proved");
    return isShown;
  }

  /**
   * Binds open directories to their places; answers what mount(8) complained of. The directories are named by our own
   * descriptors, so that nobody can put another one in place of what was opened.
   */
  async #mount(
    ready: readonly { readonly volume: string; readonly directory: Directory }[],
  ): Promise<string | null> {
    const [first] = ready;
    if (first === undefined) return null;
    const lines = ready.map(({ volume, directory }) => {
      const from = directory.magicPath().replace("/self/", `/${process.pid}/`);
      return { from, place: this.#placeOf(volume) };
    });
    try {
      if (lines.length === 1) {
        const { from, place } = lines[0] ?? { from: "", place: "" };
        await runBounded("mount", ["--no-canonicalize", "--bind", from, place], boundMs);
        return null;
      }
      const file = join(this.path, ".fstab");
      await writeFile(
        file,
        lines.map(({ from, place }) => `${from} ${place} none bind 0 0\n`).join(""),
      );
      await runBounded("mount", ["--no-canonicalize", "--all", "--fstab", file], boundMs * 4);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  async #clear(volume: string): Promise<void> {
    const place = this.#placeOf(volume);
    this.#mounted.delete(volume);
    for (let layer = 0; layer < mostLayers; layer += 1) {
      try {
        return await rmdir(place);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT") return;
        if (code !== "EBUSY") throw error;
      }
      const how = ["--no-canonicalize", "--internal-only", "--lazy"];
      await runBounded("umount", [...how, place], boundMs);
    }
    throw new Error(`${place} stays mounted after ${mostLayers} unmounts`);
  }

  #placeOf(volume: string): string {
    return join(this.path, volume);
  }
}

/** Directories below the storage's root, opened step by step, following no symlink, each once; closed together. */
class OpenFolders implements AsyncDisposable {
  readonly #root: string;
  readonly #opened = new Map<string, Promise<Directory>>();

  constructor(root: string) {
    this.#root = root;
  }

  open(folders: readonly string[]): Promise<Directory> {
    const key = folders.join("/");
    const known = this.#opened.get(key) ?? this.#step(folders);
    this.#opened.set(key, known);
    return known;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opening of this.#opened.values())
      // One that hangs is closed when it comes, and is not waited for.
      void opening.then((directory) => directory[Symbol.asyncDispose]()).catch(() => undefined);
  }

  async #step(folders: readonly string[]): Promise<Directory> {
    const name = folders.at(-1);
    if (name === undefined) return Directory.root(this.#root);
    const parent = await this.open(folders.slice(0, -1));
    return parent.open(name);
  }
}

async function table(): Promise<ReturnType<typeof parseMountinfo>> {
  return parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"));
}

function silent(volume: string): UserError {
  return new UserError(
    "unavailable",
    `volume "${volume}" cannot be shown to NFS clients: the data disk has not answered for ${boundMs / 1000} s. Look at the disk and the kernel's log; nothing is lost here`,
  );
}

function notMounted(volume: string, complaint: string | null): UserError {
  return new UserError(
    "unavailable",
    `volume "${volume}" cannot be shown to NFS clients: ${complaint ?? "something else is in its place"}`,
  );
}

function why(error: unknown, { volume, app }: ShownVolume): UserError {
  if (error instanceof UserError) return error;
  if (isTrouble(error, "ENOENT", "ENOTDIR", "ELOOP"))
    return new UserError(
      "not-found",
      `the directory of volume "${volume}" of app "${app}" is not on the data disk, or is not a directory of its own there. Look at: swarmnfs volumes show ${volume}`,
      { cause: error },
    );
  return new UserError(
    "unavailable",
    `volume "${volume}" cannot be shown to NFS clients: ${messageOf(error)}`,
    { cause: error },
  );
}
