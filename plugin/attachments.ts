import type { Log } from "../service/log.ts";
import { useExpiryMs } from "../storage/records/use.ts";
import type { VolumeRecord } from "../storage/records/volume.ts";
import type { Attachment, NodeIdentity, Storage, UseSign } from "../storage/storage.ts";

/** So long a sign of use that this process wrote is relied on: far below what lapses it, far above how often it is renewed. */
const freshMs = useExpiryMs / 2;

interface Given {
  /** The record by which somebody decided who may have it. */
  readonly id: string;
  readonly revision: number;
  readonly attachment: Attachment;
  /** Where the storage's server was before that. */
  readonly address: string | null;
  /** When the sign of use was last written, by the clock that never jumps. */
  readonly signedAt: number;
}

/**
 * What the storage gave this process for each volume, with a sign of use, and whether it still stands: so a container on
 * a volume that is mounted already costs one look at the storage, and not all that an attachment takes.
 */
export class Attachments {
  readonly #storage: Storage;
  readonly #node: NodeIdentity;
  readonly #log: Log;
  readonly #monotonic: () => number;
  readonly #given = new Map<string, Given>();

  /** `monotonic`: milliseconds of a clock that never jumps. */
  constructor(
    storage: Storage,
    node: NodeIdentity,
    log: Log,
    monotonic: () => number = () => performance.now(),
  ) {
    this.#storage = storage;
    this.#node = node;
    this.#log = log;
    this.#monotonic = monotonic;
  }

  /** Asks the storage what to mount, which leaves a sign of use there. */
  async ask(record: VolumeRecord, consumers: readonly string[]): Promise<Attachment> {
    const { name, id, revision } = record;
    const signedAt = this.#monotonic();
    const address = this.#address;
    this.#given.delete(name);
    const attachment = await this.#storage.attach(name, this.#node, consumers, id);
    this.#given.set(name, { id, revision, attachment, address, signedAt });
    return attachment;
  }

  /** What was given for this very record while its sign of use is fresh; null if nothing was. Asks nobody. */
  given({ name, id, revision }: VolumeRecord): Attachment | null {
    const given = this.#given.get(name);
    if (given === undefined || given.id !== id || given.revision !== revision) return null;
    return this.#monotonic() - given.signedAt < freshMs ? given.attachment : null;
  }

  /**
   * Whether what was {@link given} is what the storage would give now. It is asked for the record alone, after the sign
   * of use was left, as by an attachment: so the volume is not on its way to the trash, and no other node moves it there
   * while the sign lasts. Rejects with why the storage cannot be used: a container given a file system that hangs would
   * hang Docker with it.
   */
  async stands(record: VolumeRecord): Promise<boolean> {
    const given = this.#given.get(record.name);
    const now = await this.#storage.get(record.name);
    return (
      given !== undefined &&
      now?.state === "ready" &&
      now.id === given.id &&
      now.revision === given.revision &&
      this.#address === given.address
    );
  }

  /** Renews signs of use. Rejects when the storage does not take them. */
  async renew(signs: readonly UseSign[]): Promise<void> {
    if (signs.length === 0) return;
    const signedAt = this.#monotonic();
    await this.#storage.renew(signs, this.#node);
    for (const { volume } of signs) {
      const given = this.#given.get(volume);
      // One that was given back meanwhile has no sign any more, and one that was given anew a newer one.
      if (given !== undefined && given.signedAt < signedAt)
        this.#given.set(volume, { ...given, signedAt });
    }
  }

  /** Gives back what was given and takes the sign of use away. Never rejects: a sign lapses by itself. */
  async giveBack(volume: string): Promise<void> {
    this.#given.delete(volume);
    await this.#storage.detach(volume, this.#node).catch((error: unknown) => {
      this.#log.debug({ volume, err: error }, "sign of use not taken away");
    });
  }

  /** What the failure of mounting an attachment means to people. */
  explainMount(error: unknown): unknown {
    return this.#storage.explainMount?.(error) ?? error;
  }

  get #address(): string | null {
    return this.#storage.server?.address ?? null;
  }
}
