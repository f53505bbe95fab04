import { join } from "node:path";
import process from "node:process";
import { didYouMean } from "../service/nearest.ts";
import { UserError } from "../service/user-error.ts";
import { type DirectoryUrl, parseDirectoryUrl } from "./directory/directory-url.ts";
import type { ExpectedMount } from "./directory/expected-mount.ts";
import type { Command } from "./keeper/child.ts";
import { GuardedStorage, type GuardedOptions } from "./keeper/guarded-storage.ts";
import { NfsStorage, type NfsSettings } from "./nfs/nfs-storage.ts";
import { parseNfsUrl } from "./nfs/nfs-url.ts";
import type { Storage } from "./storage.ts";
import { SwarmnfsStorage } from "./swarmnfs/swarmnfs-storage.ts";
import { parseSwarmnfsUrl } from "./swarmnfs/swarmnfs-url.ts";
import { systemWorld, type SwarmnfsSettings } from "./swarmnfs/system-world.ts";

/** Below here a directory is ours by itself; anywhere else it may be a mount point, and is never made by us. */
const ownPlace = "/var/lib/swarmnfs/";

const schemes = ["dir", "nfs", "swarmnfs"];

export interface OpenSettings {
  /** Days that removed volumes stay in the trash. */
  readonly trashDays: number;
  /** Where this process sees a directory of the host; by default at the same path. */
  readonly seen?: (path: string) => string;
  /** The mount points below which it sees those directories, if not below its root. */
  readonly views?: readonly string[];
  /** How the keeper is started; by default the one that lies beside this file. */
  readonly keeper?: Command;
  readonly onChange?: GuardedOptions["onChange"];
  /** What nfs:// needs of this node; without it nfs:// is refused. */
  readonly nfs?: NfsSettings;
  /** The same of swarmnfs://. */
  readonly swarmnfs?: SwarmnfsSettings;
}

/**
 * The storage that a URL names, as the administrator wrote it; nothing is touched before its `open`. Throws `invalid`
 * for a URL that cannot be one, and `unsupported` for kinds of storage that this program has not what they need for.
 */
export function openStorage(url: string, settings: OpenSettings): Storage {
  const options = {
    keeper: settings.keeper ?? keeperBeside(),
    ...(settings.onChange && { onChange: settings.onChange }),
  };
  const { trashDays, nfs, swarmnfs } = settings;
  if (/^swarmnfs:\/\//i.test(url)) {
    const place = parseSwarmnfsUrl(url);
    if (swarmnfs === undefined)
      throw new UserError("unsupported", `${url} cannot be used by this program`);
    return new SwarmnfsStorage(place, systemWorld(place, swarmnfs), options);
  }
  if (/^nfs:\/\//i.test(url)) {
    const place = parseNfsUrl(url);
    if (nfs === undefined)
      throw new UserError("unsupported", `${url} cannot be used by this program`);
    return new NfsStorage(place, { ...nfs, trashDays }, options);
  }
  const { path, mount } = directoryUrlOf(url);
  const seen = settings.seen?.(path) ?? path;
  const expected = expectedMount(mount, seen, settings.views);
  const makeRoot = expected === null && path.startsWith(ownPlace);
  return new GuardedStorage(
    { url, path: seen, trashDays, makeRoot, ...(expected && { mount: expected }) },
    options,
  );
}

function directoryUrlOf(url: string): DirectoryUrl {
  const [, scheme = "", rest = ""] = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(.*)$/s.exec(url) ?? [];
  if (scheme === "dir") return parseDirectoryUrl(url, rest);
  const hint = scheme === "" ? "" : didYouMean(scheme, schemes);
  throw new UserError(
    "invalid",
    `storage "${url}" is not a storage URL${hint || "."} Write swarmnfs://server, as in swarmnfs://storage1, nfs://server/path, as in nfs://nas.lan/volume1/swarm, or dir:///path, as in dir:///srv/swarm`,
  );
}

/** What must be mounted at `seen`, where this process sees a directory. */
function expectedMount(
  mount: string | null,
  seen: string,
  views: readonly string[] = [],
): ExpectedMount | null {
  if (mount === null) return null;
  const from = views.find((view) => seen === view || seen.startsWith(`${view}/`)) ?? "/";
  return { type: mount === "required" ? null : mount, from };
}

/** How the keeper is started: in the images both are bundles side by side, in development they are sources. */
export function keeperBeside(): Command {
  const program = import.meta.filename.endsWith(".ts") ? join("keeper", "main.ts") : "keeper.mjs";
  // A small heap is enough for it, and it lives on every node.
  const args = ["--optimize-for-size", join(import.meta.dirname, program)];
  return { command: process.execPath, args };
}
