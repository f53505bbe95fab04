/** A program and its arguments, to be started by execa as they are; the signals it gets reach the program itself. */
export interface ViewCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** A directory as a program sees it that may see nothing else of the storage. */
export interface PrivateView {
  /** Where the program finds it, and its working directory. */
  readonly directory: string;
  /** The program in a mount namespace of its own; nothing of that is seen outside, and it ends with the program. */
  command(program: string, args: readonly string[]): ViewCommand;
}

export interface ViewPlace {
  /** The storage's root, without symlinks in it. */
  readonly root: string;
  /** An empty directory of ours, outside the storage; the same for all views, which do not see each other. */
  readonly mountPoint: string;
}

/** What the view's own shell ends with when the program was not started; restic has none of these. */
export const viewExits = {
  /** The directory is not there. */
  missing: 90,
  /** Something in the way to it is a symlink. */
  astray: 91,
  /** This container may not mount: it lacks the capability SYS_ADMIN, or AppArmor forbids it. */
  forbidden: 92,
} as const;

// The directory is entered first and then looked at: whatever is renamed meanwhile, what is bound is what was looked at.
const enter = `
cd -P -- "$1/$2" 2>/dev/null || { echo "the directory $2 is not there" >&2; exit 90; }
[ "$(pwd -P)" = "$1/$2" ] || { echo "the way to the directory $2 leads over a symlink" >&2; exit 91; }
exec unshare --mount --propagation private -- sh -c "$5" sh "$@"
`;

// A mount(8) that canonicalizes would resolve the name again. Of the storage itself only an empty directory is left.
const confine = `
may() { "$@" || { echo "this container may not mount: it needs the capability SYS_ADMIN, and no AppArmor profile that forbids mount" >&2; exit 92; }; }
may mount --no-canonicalize --bind . "$3"
may mount --no-canonicalize -o "remount,bind,nosuid,nodev,noexec,$4" "$3"
may mount --no-canonicalize -t tmpfs -o ro,nosuid,nodev,noexec,size=4k,mode=0555 none "$1"
cd "$3"
shift 5
exec "$@"
`;

/** `folders` below the storage's root, read-only or not. Nothing is touched before a command is started. */
export function privateView(
  place: ViewPlace,
  folders: readonly string[],
  access: "ro" | "rw",
): PrivateView {
  const { root, mountPoint } = place;
  return {
    directory: mountPoint,
    command: (program, args) => ({
      file: "sh",
      args: [
        "-c",
        enter,
        "sh",
        root,
        folders.join("/"),
        mountPoint,
        access,
        confine,
        program,
        ...args,
      ],
    }),
  };
}
