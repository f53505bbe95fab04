/** What a holder of volumes says when one of them is wanted elsewhere. */
export type Release =
  | { readonly released: true }
  /** Who uses it here, in words for people. */
  | { readonly released: false; readonly consumers: readonly string[] };

/**
 * Whoever mounts what a storage gives: a storage that may want something back, or has something to tell, calls it. None of
 * these rejects.
 */
export interface LeaseHolder {
  /** Another node wants the volume: it is unmounted and given back (`detach`) at once, unless somebody uses it. */
  release(volume: string): Promise<Release>;
  /** The catalog has changed. */
  changed(): void;
  /** The server took everything away from this node: unmounts it all, whoever uses it, and settles when that is done. */
  fenced(reason: string): Promise<void>;
  /** The server does not give this one volume any more: the same for that. */
  lost(volume: string, reason: string): Promise<void>;
}
