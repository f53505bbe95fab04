import type { AppRepository } from "./app-repository.ts";
import type { HeldLease } from "./lease.ts";

/** What is known of an app's repository, before anything is done with it (reference: truth table of detection). */
export type RepositoryState =
  | { readonly kind: "ready"; readonly id: string }
  /** Never backed up from here, and its place on the server is provably empty. */
  | { readonly kind: "new" }
  /** Known, and not there: the server's disk is not mounted, the path is wrong, or somebody removed it. */
  | { readonly kind: "gone"; readonly reason: string }
  | { readonly kind: "foreign"; readonly reason: string }
  | { readonly kind: "wrong-password"; readonly reason: string }
  | { readonly kind: "damaged"; readonly reason: string }
  | { readonly kind: "too-new"; readonly reason: string }
  /** The server does not let us see. */
  | { readonly kind: "unreachable"; readonly reason: string };

export interface OpenRequest {
  /** With it a repository is made if there provably was none, and what is known of it is written down. Without: only read. */
  readonly lease?: HeldLease;
  readonly signal?: AbortSignal;
}

/** The repositories of all apps of one storage on one server. */
export interface RepositoryPlace {
  /** Looks, and changes nothing anywhere. */
  examine(app: string, signal?: AbortSignal): Promise<RepositoryState>;
  /** Throws `RepositoryTrouble` (a `UserError` with the state) for every state but `ready`, and for `new` without a lease. */
  open(app: string, request?: OpenRequest): Promise<AppRepository>;
}
