import type { VolumeRecord } from "../storage/records/volume.ts";
import type { Engine } from "./engine.ts";

/**
 * What Docker was asked for on this node and what the record says, where they differ: `size: 10G was asked for, the
 * volume has 20G`. Docker never tells a plugin that an existing volume was asked for with other options.
 */
export function driftOf(
  record: VolumeRecord,
  asked: Readonly<Record<string, string>> | null,
): string[] {
  if (asked === null || Object.keys(asked).length === 0) return [];
  const keys = [...new Set([...Object.keys(asked), ...Object.keys(record.options)])].toSorted();
  return keys
    .filter((key) => asked[key] !== record.options[key])
    .map(
      (key) =>
        `${key}: ${asked[key] ?? "nothing"} was asked for here, the volume was made with ${record.options[key] ?? "nothing"}`,
    );
}

/** Remembers what the engine was asked for, so that a volume's status can show drift without asking. */
export class Drift {
  readonly #engine: Engine;
  #asked: ReadonlyMap<string, Readonly<Record<string, string>> | null> = new Map();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Asks the engine anew. Rejects when it is silent. Never to be called while answering Docker: it asks us back. */
  async refresh(): Promise<void> {
    const volumes = await this.#engine.volumes(5_000);
    this.#asked = new Map(volumes.map(({ name, options }) => [name, options]));
  }

  of(record: VolumeRecord): string[] {
    return driftOf(record, this.#asked.get(record.name) ?? null);
  }
}
