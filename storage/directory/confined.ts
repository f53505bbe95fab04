import { constants, type BigIntStats, type StatsFs } from "node:fs";
import * as fs from "node:fs/promises";
import { isTrouble, placed } from "./file-trouble.ts";

const { O_CREAT, O_DIRECT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } =
  constants;

/** Larger than any record that could be ours. */
const maximumBytes = 16 * 1024 * 1024;

/** What tells one version of a file from another. */
export type Stamp = Pick<BigIntStats, "dev" | "ino" | "size" | "mtimeNs" | "mtimeMs">;

/** Whether two stamps are of the same content, as far as a file system can say. */
export function sameStamp(a: Stamp, b: Stamp): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/**
 * An open directory, and the only way to files on the storage. A name given to it is one step, never a path, and
 * symlinks are not followed: between a check and its use nobody can swap what is meant. (Node has no openat(2); the
 * kernel resolves `/proc/self/fd/N/name` from the open directory itself.)
 */
export class Directory implements AsyncDisposable {
  /** For messages: the path below the storage's root. */
  readonly place: string;
  readonly #handle: fs.FileHandle;
  readonly #fileFlags: number;

  private constructor(handle: fs.FileHandle, place: string, fileFlags: number) {
    this.#handle = handle;
    this.place = place;
    this.#fileFlags = fileFlags;
  }

  /**
   * Opens the storage's root. Its path is the administrator's; symlinks in it are meant. `undelegated`: its files are
   * opened so that an NFS server delegates none of them to us. A delegation makes others who replace the file wait for our answer,
   * for as long as a lease if we are gone, and the kernel gives each back before it lets a killed process end, 20 s each
   * while the server is away. (O_DIRECT is how Linux says OPEN4_SHARE_ACCESS_WANT_NO_DELEG, RFC 8881 18.16.3.)
   */
  static async root(path: string, undelegated = false): Promise<Directory> {
    try {
      const handle = await fs.open(path, O_RDONLY | O_DIRECTORY);
      return new Directory(handle, "", undelegated ? O_DIRECT : 0);
    } catch (error) {
      throw placed(error, "");
    }
  }

  /** Opens a directory in this one; a symlink in its place fails with ENOTDIR. */
  async open(name: string): Promise<Directory> {
    return this.#at(name, async (path) => {
      const handle = await fs.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      return new Directory(handle, this.#placeOf(name), this.#fileFlags);
    });
  }

  /** Opens a directory in this one, making it if it is missing. */
  async make(name: string, mode: number): Promise<Directory> {
    for (;;) {
      try {
        return await this.open(name);
      } catch (error) {
        if (!isTrouble(error, "ENOENT")) throw error;
      }
      await this.mkdir(name, mode);
    }
  }

  /** Makes a directory; false if something of that name is there. */
  mkdir(name: string, mode: number): Promise<boolean> {
    return this.#at(name, async (path) => unlessExists(fs.mkdir(path, { mode })));
  }

  /** Reads a regular file whole; null if there is none. */
  read(name: string): Promise<{ readonly text: string; readonly stamp: Stamp } | null> {
    return this.#at(name, async (path) => {
      const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | this.#fileFlags;
      const handle = await unlessMissing(fs.open(path, flags));
      if (handle === null) return null;
      await using file = handle;
      const stamp = await file.stat({ bigint: true });
      if (!stamp.isFile() || stamp.size > maximumBytes) return { text: "", stamp };
      return { text: await file.readFile("utf8"), stamp };
    });
  }

  /**
   * Writes a file that must not exist yet, readable for root alone; returns its stamp. It is written through to the
   * disk unless it is of the passing kind, which a power cut may empty.
   */
  write(name: string, text: string, passing = false): Promise<BigIntStats> {
    return this.#at(name, async (path) => {
      const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | this.#fileFlags;
      await using file = await fs.open(path, flags, 0o600);
      await file.writeFile(text);
      if (!passing) await file.sync();
      return await file.stat({ bigint: true });
    });
  }

  /** Gives a file a second name, in `folder`; false if that name is taken. This is how we say "only if it is new". */
  link(name: string, folder: Directory, as: string): Promise<boolean> {
    return this.#at(name, (from) => folder.#at(as, (to) => unlessExists(fs.link(from, to))));
  }

  /** Makes something look changed just now. */
  touch(name: string): Promise<void> {
    const now = new Date();
    return this.#at(name, (path) => fs.lutimes(path, now, now));
  }

  /** Moves something to `folder`; false if it is not there. */
  rename(name: string, folder: Directory, as: string): Promise<boolean> {
    return this.#at(name, async (from) => {
      const to = folder.#path(as);
      return (await unlessMissing(fs.rename(from, to).then(() => true))) ?? false;
    });
  }

  /** Removes a file or symlink; false if it is not there. */
  async unlink(name: string): Promise<boolean> {
    return this.#at(
      name,
      async (path) => (await unlessMissing(fs.unlink(path).then(() => true))) ?? false,
    );
  }

  /** Removes an empty directory: `false` if it holds something. */
  rmdir(name: string): Promise<boolean> {
    return this.#at(name, async (path) => {
      try {
        await unlessMissing(fs.rmdir(path));
        return true;
      } catch (error) {
        if (isTrouble(placed(error, ""), "ENOTEMPTY", "EEXIST")) return false;
        throw error;
      }
    });
  }

  /** What is there under a name, without following it; null if nothing. */
  stat(name: string): Promise<BigIntStats | null> {
    return this.#at(name, (path) => unlessMissing(fs.lstat(path, { bigint: true })));
  }

  /** The directory itself. */
  self(): Promise<BigIntStats> {
    return this.#run(() => this.#handle.stat({ bigint: true }));
  }

  names(): Promise<string[]> {
    return this.#run(() => fs.readdir(this.magicPath()));
  }

  async isEmpty(): Promise<boolean> {
    return this.#run(async () => {
      await using folder = await fs.opendir(this.magicPath());
      return (await folder.read()) === null;
    });
  }

  /** Space as the file system counts it here; a project quota changes the answer for its directory. */
  statfs(): Promise<StatsFs> {
    return this.#run(() => fs.statfs(this.magicPath()));
  }

  /** Sets owner and mode of the directory itself. */
  own(uid: number, gid: number, mode: number): Promise<void> {
    return this.#run(async () => {
      await this.#handle.chown(uid, gid);
      await this.#handle.chmod(mode); // after chown, which clears the set-id bits
    });
  }

  /** Makes what was created, renamed or removed here survive a power cut. */
  sync(): Promise<void> {
    return this.#run(async () => {
      try {
        await this.#handle.sync();
      } catch (error) {
        // Some FUSE file systems have no fsync for directories; they have nothing to lose by it either.
        if (!isTrouble(placed(error, ""), "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")) throw error;
      }
    });
  }

  /** The absolute path of this very directory now, free of symlinks, as this process sees it. */
  path(): Promise<string> {
    return this.#run(() => fs.readlink(this.magicPath()));
  }

  /**
   * The kernel's name for this open directory, for calls that this class does not wrap. Throws if it was closed: the
   * name of a closed one is there no more, and so everything in it would seem to be missing.
   */
  magicPath(): string {
    if (this.#handle.fd < 0) throw new Error(`the directory "${this.place}" is closed`);
    return `/proc/self/fd/${this.#handle.fd}`;
  }

  /** Its descriptor, for the same; it may be closed. */
  get fd(): number {
    return this.#handle.fd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  #path(name: string): string {
    if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
      throw new Error(`not the name of a file: ${JSON.stringify(name)}`);
    }
    return `${this.magicPath()}/${name}`;
  }

  #placeOf(name: string): string {
    return this.place === "" ? name : `${this.place}/${name}`;
  }

  async #at<Result>(name: string, work: (path: string) => Promise<Result>): Promise<Result> {
    try {
      return await work(this.#path(name));
    } catch (error) {
      throw placed(error, this.#placeOf(name));
    }
  }

  async #run<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw placed(error, this.place);
    }
  }
}

async function unlessMissing<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT")) return null;
    throw error;
  }
}

async function unlessExists(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (isTrouble(placed(error, ""), "EEXIST")) return false;
    throw error;
  }
}
