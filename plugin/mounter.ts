import type { Attachment } from "../storage/storage.ts";

/** The only door to mount(8) and umount(8). It knows places, not volumes. */
export interface Mounter {
  /** The names below the mounts' own directory at which something is mounted now, covers alone not counted. */
  mounted(): Promise<ReadonlySet<string>>;

  /** True if exactly this attachment is what a path at `name` reaches now: right source, right type, right options. */
  proves(name: string, attachment: Attachment): Promise<boolean>;

  /**
   * Mounts the attachment at `name`, on an empty read-only cover, and proves it. Whatever was there before is taken
   * away first. Rejects with `UserError` (unavailable) within 13 s, leaving nothing mounted; its `cause` is the
   * `CommandFailed` of mount(8), if it was that.
   */
  mount(name: string, attachment: Attachment): Promise<void>;

  /** Takes away whatever is mounted at `name`, lazily if it is busy or dead, and the empty directory. */
  unmount(name: string): Promise<void>;

  /** The version of NFS, as `4.2`, of what is mounted at an absolute path; null if that is none. */
  nfsVersion(place: string): Promise<string | null>;

  /** The path of `name`, mounted or not, as Docker is told it. */
  path(name: string): string;
}
