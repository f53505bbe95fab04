/** The data disk's way of limiting a directory. */
export interface Quotas {
  /** `none`: sizes are advisory. On `ext4` root in a container is not limited unless the volume is squashed. */
  readonly kind: "xfs" | "ext4" | "none";
  /** Marks an empty directory, given as an absolute path without symlinks, as the project's; all made in it later belongs to it. */
  assign(directory: string, project: number): Promise<void>;
  /** Limits the project to so many bytes, or null: no limit. Holds at once, also for what is mounted. */
  limit(project: number, bytes: number | null): Promise<void>;
}
