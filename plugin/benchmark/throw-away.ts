/** Where a container works, at `/bench`. */
export type Workplace =
  /** A volume of our driver, as this user of its own. */
  | { readonly kind: "volume"; readonly name: string; readonly uid: number; readonly gid: number }
  /** An anonymous volume of the engine's own, which goes with the container. */
  | { readonly kind: "node" };

export interface Ended {
  readonly exitCode: number;
  readonly output: string;
  /** What it said beside that. */
  readonly errors: string;
}

/**
 * Containers that do one thing and are gone: without a network, without rights, on this node's engine. All calls reject with
 * `UserError` (unavailable) when the engine is silent.
 */
export interface ThrowAway {
  /** Rejects with `UserError` (not-found) that says how to load it, where the engine has no such image. */
  requireImage(): Promise<void>;
  /**
   * Runs the image's program with `words` in a container of that name, which is gone when this settles. Rejects with the
   * engine's words (as those of a refused mount), with `UserError` (unavailable) after `boundMs`, and soon after `signal`
   * aborts.
   */
  run(
    name: string,
    words: readonly string[],
    place: Workplace,
    boundMs: number,
    signal: AbortSignal,
  ): Promise<Ended>;
  /** Takes away whatever is left of containers of this kind, of which `node` is the maker. */
  sweep(): Promise<void>;
  /** Has the engine remove a volume, which asks us to; a volume that it does not know is fine. */
  removeVolume(name: string): Promise<void>;
}
