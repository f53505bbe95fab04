import type { Call } from "../call.ts";
import type { Column } from "../table.ts";
import type { Part } from "../terminal.ts";
import type { Filters } from "./filters.ts";

/** One thing that can go. */
export interface Rubbish {
  readonly name: string;
  /** Bytes; null: not known. */
  readonly bytes: number | null;
  readonly row: readonly Part[];
  /** What `--json` says of it. */
  readonly data: object;
  /** Looks at it again, and removes it; `doing` says in words what is waited for. Rejects with why it stays. */
  remove(doing: string): Promise<unknown>;
}

export interface Found {
  readonly things: readonly Rubbish[];
  /** What stays although one might think otherwise, in words for people. */
  readonly notes: readonly string[];
}

/** A sort of things that can be cleaned up. */
export interface Sort {
  /** `swarmnfs clean NAME`. */
  readonly name: string;
  /** `UNUSED VOLUMES`. */
  readonly title: string;
  /** One of them: `volume`. */
  readonly noun: string;
  readonly columns: readonly Column[];
  /** What becomes of it: `to the trash, where it can be brought back from`. */
  readonly fate: string;
  /** Keys of filters that mean something here. */
  readonly filters: readonly string[];
  /** It is looked for only when it is named. */
  readonly onRequest?: true;
  find(call: Call, filters: Filters): Promise<Found>;
}
