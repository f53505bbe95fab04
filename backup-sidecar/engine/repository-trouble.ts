import { UserError, type UserErrorCode } from "../../service/user-error.ts";

/** What is known of an app's repository, before anything is done with it. */
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

export type TroubleKind = Exclude<RepositoryState["kind"], "ready">;

/** The repository cannot be used as it is; nothing was written anywhere. The message says what to do. */
export class RepositoryTrouble extends UserError {
  readonly trouble: TroubleKind;

  constructor(trouble: TroubleKind, message: string, options?: ErrorOptions) {
    super(codes[trouble], message, options);
    this.trouble = trouble;
  }
}

const codes: Record<TroubleKind, UserErrorCode> = {
  new: "not-found",
  gone: "unavailable",
  foreign: "conflict",
  "wrong-password": "denied",
  damaged: "conflict",
  "too-new": "unsupported",
  unreachable: "unavailable",
};
