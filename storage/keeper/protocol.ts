import type { UserErrorCode } from "../../service/user-error.ts";
import type { DirectorySettings, DirectoryStorage } from "../directory/directory-storage.ts";
import type { Storage } from "../storage.ts";

/** A storage in a keeper's hands. */
export type KeptStorage = Storage &
  Pick<
    DirectoryStorage,
    | "listSince"
    | "adopt"
    | "examine"
    | "callRoll"
    | "answerRoll"
    | "rollAnswers"
    | "endRoll"
    | "callHooks"
    | "answerHook"
    | "hookAnswers"
    | "endHooks"
    | "hookHolders"
    | "staging"
    | "dropStaging"
    | "reportTurn"
    | "putReportTurn"
    | "fill"
    | "beginRestore"
    | "noteRestore"
    | "finishRestore"
    | "abandonRestore"
  >;

/** What may be asked of a keeper. */
export type Method = Exclude<
  keyof KeptStorage,
  | "url"
  | "trouble"
  | "server"
  | "countsItself"
  | "explainMount"
  | "join"
  | "attend"
  | "nodes"
  | "grants"
  | "isCalled"
  | "close"
>;
export type Arguments<M extends Method> = Parameters<KeptStorage[M]>;
export type Result<M extends Method> = Awaited<ReturnType<KeptStorage[M]>>;

/** The first message to a keeper: which storage it keeps, and the id by which this node knows it. */
export interface Welcome {
  readonly settings: DirectorySettings;
  readonly knownId: string | null;
}

/** Everything after that. */
export interface Question {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** How an error crosses to the parent: the kinds of errors must survive, or their meaning would be lost. */
export type Failure =
  | { readonly kind: "user" | "storage"; readonly code: UserErrorCode; readonly message: string }
  | { readonly kind: "internal"; readonly message: string; readonly stack: string };

export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "progress" }
  | { readonly kind: "result"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly failure: Failure };
