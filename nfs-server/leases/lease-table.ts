import { keyOf, type LeaseRecord } from "./lease-file.ts";

/** A lease in force. */
export interface Held {
  record: LeaseRecord;
  /** By the clock of terms, milliseconds. */
  renewedAt: number;
  /** Who uses it there, as the node said last. */
  consumers: readonly string[];
  /** Grows with every attachment in the whole table, so that what was said before one can be told. */
  attachedAs: number;
}

/** All leases, found by volume and by node in constant time whatever their number. */
export class LeaseTable {
  readonly #all = new Map<string, Held>();
  readonly #byVolume = new Map<string, Map<string, Held>>();
  readonly #byNode = new Map<string, Map<string, Held>>();
  #attachments = 0;

  get(volume: string, nodeId: string): Held | null {
    return this.#all.get(keyOf(volume, nodeId)) ?? null;
  }

  byId(id: string): Held | null {
    return this.all().find(({ record }) => record.id === id) ?? null;
  }

  all(): readonly Held[] {
    return [...this.#all.values()];
  }

  ofVolume(volume: string): readonly Held[] {
    return [...(this.#byVolume.get(volume)?.values() ?? [])];
  }

  ofNode(nodeId: string): readonly Held[] {
    return [...(this.#byNode.get(nodeId)?.values() ?? [])];
  }

  put(record: LeaseRecord, renewedAt: number, consumers: readonly string[]): Held {
    const held = { record, renewedAt, consumers, attachedAs: this.attachment() };
    this.#all.set(keyOf(record.volume, record.nodeId), held);
    inside(this.#byVolume, record.volume).set(record.nodeId, held);
    inside(this.#byNode, record.nodeId).set(record.volume, held);
    return held;
  }

  delete({ record: { volume, nodeId } }: Held): void {
    this.#all.delete(keyOf(volume, nodeId));
    drop(this.#byVolume, volume, nodeId);
    drop(this.#byNode, nodeId, volume);
  }

  /** The number of a new attachment. */
  attachment(): number {
    this.#attachments += 1;
    return this.#attachments;
  }

  /** The number of the last one. */
  get attachments(): number {
    return this.#attachments;
  }
}

type Index = Map<string, Map<string, Held>>;

function inside(index: Index, key: string): Map<string, Held> {
  const known = index.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, Held>();
  index.set(key, made);
  return made;
}

function drop(index: Index, key: string, inner: string): void {
  const known = index.get(key);
  known?.delete(inner);
  if (known?.size === 0) index.delete(key);
}
