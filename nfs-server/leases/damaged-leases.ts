import type { Clock } from "../../service/clock.ts";
import { type LeaseFiles, type LeaseRecord, keyOf, partsOf } from "./lease-file.ts";
import type { DamagedFile } from "./record-files.ts";

/** Lease files that cannot be read: whoever they are of may have the volume mounted. They are left alone. */
export class DamagedLeases {
  readonly #files: LeaseFiles;
  readonly #clock: Clock;
  readonly #byKey = new Map<string, DamagedFile>();

  constructor(files: LeaseFiles, clock: Clock) {
    this.#files = files;
    this.#clock = clock;
  }

  note(damage: DamagedFile): void {
    this.#byKey.set(damage.name, damage);
  }

  all(): readonly DamagedFile[] {
    return [...this.#byKey.values()];
  }

  /**
   * Of other nodes than this one, for that volume; looked at again, in case somebody saw to them: one that can be read
   * again goes to `mended`.
   */
  async of(
    volume: string,
    except: string,
    mended: (record: LeaseRecord) => Promise<unknown>,
  ): Promise<DamagedFile | null> {
    for (const key of this.#byKey.keys()) {
      const whose = partsOf(key);
      if (whose?.volume !== volume || whose.nodeId === except) continue;
      const now = await this.#files.read(key);
      if (now !== null && "damage" in now) return now.damage;
      this.#byKey.delete(key);
      if (now !== null) await mended(now.record);
    }
    return null;
  }

  /** Out of the way of a new lease of the same node; kept for people to look at. */
  async replace(volume: string, nodeId: string): Promise<void> {
    await this.#setAside(keyOf(volume, nodeId));
  }

  /** The node has nothing any more, whatever they said. */
  async dropNode(nodeId: string): Promise<void> {
    for (const key of this.#byKey.keys())
      if (partsOf(key)?.nodeId === nodeId) await this.#setAside(key);
  }

  async #setAside(key: string): Promise<void> {
    if (!this.#byKey.has(key)) return;
    await this.#files.setAside(key, this.#clock.now());
    this.#byKey.delete(key);
  }
}
