import { describe } from "../storage/rules/access.ts";
import type { Consumers } from "./consumers.ts";

/** How long an engine may take to say who holds a volume, in milliseconds; a mount of it may have to wait so long. */
const boundMs = 4_000;

/** Who else might know whether a volume is still used on this node: the engine. */
export interface LiveHolders {
  /** In words, who holds the volume now; null when the engine is silent. Empty where there is no engine to ask. */
  of(volume: string): Promise<readonly string[] | null>;
}

/** By the engine's word; `consumers` null: there is no engine. */
export function liveHolders(consumers: Consumers | null): LiveHolders {
  return {
    async of(volume) {
      if (consumers === null) return [];
      try {
        const holders = await consumers.holdersOf(volume, boundMs);
        return holders.map(({ consumer }) => describe(consumer));
      } catch {
        return null;
      }
    },
  };
}
