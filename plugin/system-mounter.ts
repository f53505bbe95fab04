import { mkdir, readFile, rmdir } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { UserError } from "../service/user-error.ts";
import type { Attachment } from "../storage/storage.ts";
import { CommandFailed, runBounded } from "../storage/mounting/bounded-command.ts";
import type { Mounter } from "./mounter.ts";
import {
  bindIdentity,
  directoryOf,
  parseMountinfo,
  topmostAt,
  type MountEntry,
} from "../storage/mounting/mountinfo.ts";

/** How long mount(8) and umount(8) may take, in milliseconds. */
export interface MountBounds {
  readonly mount: number;
  readonly unmount: number;
}

/** Below the 22 s a request may take, which is below Docker's shortest patience (30 s, `docker plugin enable`). */
const usualBounds: MountBounds = { mount: 12_000, unmount: 5_000 };
/** The source name of the empty tmpfs under every volume. */
const cover = "swarmnfs-cover";
/** One is enough, unless somebody else mounts there at this moment; more than this is a loop. */
const mostRounds = 4;

/** mount(8) and umount(8), each in a child that is killed at its deadline. */
export class SystemMounter implements Mounter {
  readonly #directory: string;
  readonly #bounds: MountBounds;

  /** `directory` is where all volumes appear, without symlinks; for a managed plugin its propagated mount. */
  constructor(directory: string, bounds: MountBounds = usualBounds) {
    this.#directory = resolve(directory);
    this.#bounds = bounds;
  }

  path(name: string): string {
    // A volume's name is one path segment. join() would be a quarter of what List takes with many volumes.
    return `${this.#directory}/${name}`;
  }

  async mounted(): Promise<ReadonlySet<string>> {
    const entries = await mountTable();
    const names = new Set<string>();
    for (const { mountPoint, source } of entries) {
      if (source !== cover && dirname(mountPoint) === this.#directory)
        names.add(basename(mountPoint));
    }
    return names;
  }

  async proves(name: string, attachment: Attachment): Promise<boolean> {
    return isProof(await mountTable(), this.path(name), attachment);
  }

  async mount(name: string, attachment: Attachment): Promise<void> {
    const target = this.path(name);
    await this.#clear(target);
    await mkdir(target, { recursive: true, mode: 0o700 });
    try {
      await run(
        "mount",
        ["-t", "tmpfs", "-o", "ro,size=4k,mode=000", cover, target],
        this.#bounds.mount,
      );
      await run("mount", mountArguments(attachment, target), this.#bounds.mount);
      if (!isProof(await mountTable(), target, attachment)) {
        throw new UserError(
          "unavailable",
          `what was mounted is not what was asked for (${attachment.source}): somebody changed the storage's directories meanwhile. Try again; if it stays, see: swarmnfs doctor`,
        );
      }
    } catch (error) {
      await this.unmount(name);
      throw error;
    }
  }

  async unmount(name: string): Promise<void> {
    const target = this.path(name);
    await this.#clear(target);
    await rmdir(target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" && error.code !== "EBUSY") throw error;
    });
  }

  async nfsVersion(place: string): Promise<string | null> {
    const top = topmostAt(await mountTable(), place);
    if (top?.type !== "nfs4") return null;
    const version = top.fileSystemOptions.find((option) => option.startsWith("vers="));
    return version?.slice("vers=".length) ?? null;
  }

  async #clear(target: string): Promise<void> {
    for (let round = 0; ; round++) {
      const layers = (await mountTable()).filter(({ mountPoint }) => mountPoint === target);
      if (layers.length === 0) return;
      if (round === mostRounds)
        throw new Error(`${target} stays mounted after ${mostRounds} unmounts`);
      // Lazily at once: a plain umount of a dead server would wait for it, and a container that still uses the volume
      // keeps its own copy of the mount either way. All layers by one program: to start one takes longer than all it does.
      const how = ["--no-canonicalize", "--internal-only", "--lazy"];
      await run("umount", [...how, ...layers.map(() => target)], this.#bounds.unmount);
    }
  }
}

async function mountTable(): Promise<MountEntry[]> {
  return parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"));
}

function mountArguments(attachment: Attachment, target: string): string[] {
  const options = ["nosuid", "nodev", ...attachment.options].join(",");
  if (attachment.type === "bind") {
    return ["--no-canonicalize", "--bind", "-o", options, attachment.source, target];
  }
  return ["-t", attachment.type, "-o", options, attachment.source, target];
}

function isProof(entries: readonly MountEntry[], target: string, attachment: Attachment): boolean {
  const top = topmostAt(entries, target);
  if (top === null || !["nosuid", "nodev"].every((option) => top.options.includes(option)))
    return false;
  if (attachment.options.includes("ro") !== top.options.includes("ro")) return false;
  if (attachment.type === "nfs4") return top.type === "nfs4" && top.source === attachment.source;
  const wanted = bindIdentity(entries, attachment.source);
  return wanted !== null && wanted.device === top.device && wanted.root === directoryOf(top);
}

async function run(command: string, args: readonly string[], boundMs: number): Promise<void> {
  try {
    await runBounded(command, args, boundMs);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new UserError("unavailable", error.message, { cause: error });
  }
}
