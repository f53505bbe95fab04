/** What Docker was told: which mount ids hold which volume, and how often. The plugin's own table must say the same. */
export class Ledger {
  readonly #holds = new Map<string, Map<string, number>>();
  /** Ids of calls that were never answered: Docker cannot know what became of them. */
  readonly #doubts = new Set<string>();

  /** Notes a call before it is sent. */
  sent(verb: string, id: string): void {
    if (verb === "Mount" || verb === "Unmount") this.#doubts.add(id);
  }

  /** Notes its answer. */
  answered(verb: string, volume: string, id: string, isSuccess: boolean): void {
    if (verb !== "Mount" && verb !== "Unmount") return;
    this.#doubts.delete(id);
    if (!isSuccess) return;
    const ids = this.#holds.get(volume) ?? new Map<string, number>();
    const count = Math.max(0, (ids.get(id) ?? 0) + (verb === "Mount" ? 1 : -1));
    if (count === 0) ids.delete(id);
    else ids.set(id, count);
    this.#holds.set(volume, ids);
  }

  /** The holders of a volume as `id×count`, sorted, those in doubt left out. */
  of(volume: string): string[] {
    return [...(this.#holds.get(volume) ?? [])]
      .filter(([id]) => !this.#doubts.has(id))
      .map(([id, count]) => `${id.slice(0, 8)}×${count}`)
      .toSorted();
  }

  isDoubtful(id: string): boolean {
    return this.#doubts.has(id);
  }

  /** By the engine's word nobody uses the volume. */
  forget(volume: string): void {
    this.#holds.delete(volume);
  }

  /** Nothing outlives the kernel. */
  clear(): void {
    this.#holds.clear();
    this.#doubts.clear();
  }
}
