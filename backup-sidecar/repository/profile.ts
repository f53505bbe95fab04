/** What a server can do, as found by trying it at connect, in `.swarmnfs/probe/`. */
export interface Profile {
  /** What it calls itself (`Server` header), for people. */
  readonly server: string | null;
  /** Whether a file can be moved over another. Without it files are written under their final name. */
  readonly move: boolean;
  /** Whether a part of a file can be read. */
  readonly ranges: boolean;
  /** Whether it tells how much space is left. */
  readonly quota: boolean;
  /** The largest body in bytes that it was seen to take, null when that was not tried. */
  readonly largestBody: number | null;
  /** The server's clock minus ours when probed, in milliseconds. */
  readonly clockOffsetMs: number | null;
  /** RFC 3339. */
  readonly probedAt: string;
}
