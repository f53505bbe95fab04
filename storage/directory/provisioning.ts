import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { sharedApp } from "../rules/names.ts";
import { volumeFolders, type VolumePlace } from "../rules/volume-path.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import { markDirectory } from "./limits.ts";
import type { Layout, Parts } from "./parts.ts";

/**
 * Throws `conflict` if something lies where a new volume's directory would be: nobody's data is adopted. An empty
 * directory is fine.
 */
export async function refuseOccupied(
  layout: Layout,
  volume: VolumePlace,
  url: string,
): Promise<void> {
  await using folder = await layout.volume(volume);
  if (folder === null || (await folder.isEmpty())) return;
  throw occupied(volume, url);
}

/**
 * Makes a volume's directory with its owner and mode. May be repeated as long as the record says `creating`, since
 * nobody mounts the volume before it is `ready`. The directory is made in its place by mkdir(2), which never replaces
 * anything: a rename from staging would replace an empty directory that another node has made and mounted meanwhile.
 */
export async function provision(parts: Parts, layout: Layout, volume: VolumeRecord): Promise<void> {
  if (volume.root) {
    // What it shows is there from the beginning, also before the first volume of its kind.
    for (const name of ["apps", sharedApp]) {
      await using folder = await layout.root.make(name, 0o755);
      await folder.sync();
    }
    return;
  }
  for (let attempt = 0; ; attempt += 1) {
    await using parent = await layout.makeParent(volume);
    try {
      if (parent !== null) await makeDirectory(parts, layout, parent, volume);
      return;
    } catch (error) {
      // The app's folder was removed at this moment, with its last volume.
      if (attempt >= 3 || !isTrouble(error, "ENOENT")) throw error;
    }
  }
}

async function makeDirectory(
  parts: Parts,
  layout: Layout,
  parent: Directory,
  volume: VolumeRecord,
): Promise<void> {
  const made = await parent.mkdir(volume.name, 0o700);
  await using folder = await parent.open(volume.name);
  if (!made && !(await folder.isEmpty())) throw occupied(volume, parts.url);
  await parts.checkpoint("create:made");
  await markDirectory(parts, layout, folder, volume);
  const { uid, gid, mode } = volume.owner;
  try {
    await folder.own(uid, gid, mode);
  } catch (error) {
    if (!isTrouble(error, "EPERM", "EINVAL", "EOPNOTSUPP", "ENOTSUP")) throw error;
    throw new UserError(
      "unsupported",
      `the file system of ${parts.url} does not let a directory be given to uid ${uid}, gid ${gid} with mode ${mode.toString(8)}. Leave uid, gid and mode out, or allow root to do it there (on NFS: no_root_squash)`,
      { cause: error },
    );
  }
  await folder.sync();
  await parent.sync();
}

function occupied(volume: VolumePlace, url: string): UserError {
  return new UserError(
    "conflict",
    `"${volumeFolders(volume).join("/")}" on ${url} holds files that belong to no volume, and a new volume does not take them over. Move them away, or use another name`,
  );
}
