/** One line of `/proc/self/mountinfo`; proc_pid_mountinfo(5). */
export interface MountEntry {
  readonly id: number;
  /** `major:minor` of the file system. */
  readonly device: string;
  /** The directory of that file system which is mounted here. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  /** Per-mount options: `rw,nosuid,nodev,relatime`. */
  readonly options: readonly string[];
  /** Options of the file system, wherever it is mounted: of NFS also `vers=4.2`. */
  readonly fileSystemOptions: readonly string[];
}

/** Parses the whole table, in its order: of two mounts at one place the later line lies on top. */
export function parseMountinfo(text: string): MountEntry[] {
  return text.split("\n").flatMap((line) => {
    const [front, back] = line.split(" - ", 2);
    if (front === undefined || back === undefined) return [];
    const [id, , device, root, mountPoint, options] = front.split(" ");
    const [type, source, shared] = back.split(" ");
    if (mountPoint === undefined || root === undefined || device === undefined) return [];
    return [
      {
        id: Number(id),
        device,
        root: unescaped(root),
        mountPoint: unescaped(mountPoint),
        type: type ?? "",
        source: unescaped(source ?? ""),
        options: (options ?? "").split(","),
        fileSystemOptions: (shared ?? "").split(","),
      },
    ];
  });
}

/** The mount that a path at `place` would reach: the topmost one there, or null. */
export function topmostAt(entries: readonly MountEntry[], place: string): MountEntry | null {
  return entries.findLast((entry) => entry.mountPoint === place) ?? null;
}

/** The mount that `path` lies in, whether or not it is itself a mount point. */
export function mountOf(entries: readonly MountEntry[], path: string): MountEntry | null {
  let best: MountEntry | null = null;
  for (const entry of entries) {
    const inside =
      entry.mountPoint === "/" ||
      path === entry.mountPoint ||
      path.startsWith(`${entry.mountPoint}/`);
    if (inside && (best === null || entry.mountPoint.length >= best.mountPoint.length))
      best = entry;
  }
  return best;
}

/**
 * The directory of its file system that is mounted here. Of NFS the table shows "/" for every directory of an export;
 * which one it is stands in the source: `nas:/volume1/swarm/apps/blog`.
 */
export function directoryOf({ type, root, source }: MountEntry): string {
  return type.startsWith("nfs") ? source.slice(source.indexOf(":/") + 1) : root;
}

/** What a bind mount of `path` will show as its directory and `device`: the proof that the right directory was mounted. */
export function bindIdentity(
  entries: readonly MountEntry[],
  path: string,
): { readonly device: string; readonly root: string } | null {
  const mount = mountOf(entries, path);
  if (mount === null) return null;
  const below = mount.mountPoint === "/" ? path : path.slice(mount.mountPoint.length);
  const top = directoryOf(mount);
  const root = `${top === "/" ? "" : top}${below}`;
  return { device: mount.device, root: root === "" ? "/" : root };
}

/** A path as the kernel's tables of mounts write it: space, tab, newline and backslash come as three octal digits. */
export function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
