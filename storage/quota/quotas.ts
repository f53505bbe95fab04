/** A file system's way of limiting directories: project quotas. */
export interface Quotas {
  /**
   * `none`: sizes cannot be given. On `ext4` root that writes over NFS is not limited, unless the volume is squashed:
   * measured, and so in the kernel's sources (CAP_SYS_RESOURCE).
   */
  readonly kind: "xfs" | "ext4" | "none";
  /** Why there are none and what would change that, in words for people; null where there are some. */
  readonly why: string | null;
  /**
   * Marks an empty directory as the project's (1 to 4294967294); all that is made in it later belongs to it. `directory`
   * is an absolute path without symlinks; the kernel's name for an open directory, `/proc/self/fd/N`, is best.
   */
  assign(directory: string, project: number): Promise<void>;
  /** The project that everything made in a directory will belong to; null if that is none. */
  projectOf(directory: string): Promise<number | null>;
  /** Limits the project to so many bytes, or null: no limit. Holds at once, also for what is mounted. */
  limit(project: number, bytes: number | null): Promise<void>;
  /** Whether statfs(2) of the directory, and so df in a container, says what it should; `root` is one without a limit. */
  isLimited(directory: string, root: string, bytes: number | null): Promise<boolean>;
  /** Proves that limits hold by writing past one in an empty directory of ours. Throws `unsupported` if they do not. */
  prove(directory: string): Promise<void>;
}
