/** What a server can do, as found by trying it at connect, in `.swarmnfs/probe/`. */
export interface Profile {
  /** What it calls itself (`Server` header), for people. */
  readonly server: string | null;
  /** Whether a file can be moved over another. Without it files are written under their final name. */
  readonly move: boolean;
  /** How the target of a move must be written: servers behind a proxy may not know their own address. */
  readonly moveTo: "address" | "path";
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

/** What of a profile decides how things are done. */
export interface Abilities {
  readonly move: boolean;
  readonly ranges: boolean;
  /** The Destination header for a URL. */
  destination(url: URL): string;
}

export function abilitiesOf(profile: Pick<Profile, "move" | "moveTo" | "ranges">): Abilities {
  return {
    move: profile.move,
    ranges: profile.ranges,
    destination: (url) => (profile.moveTo === "address" ? url.href : url.pathname),
  };
}
