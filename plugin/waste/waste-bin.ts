import type { Waste } from "../../storage/verbs.ts";

/** What this node's Docker does not need any more, whatever it is for. */
export interface WasteBin {
  /** What has been lying around since before then (RFC 3339). Throws `unavailable`. */
  find(before: string): Promise<readonly Waste[]>;
  /** Looks at it once more, and removes it. Throws `UserError` with why it stays. */
  remove(waste: Pick<Waste, "kind" | "id">, before: string): Promise<void>;
}
