import { readFile } from "node:fs/promises";
import * as z from "zod";
import { writeFileAtomic } from "../../service/atomic-file.ts";

const memorySchema = z.looseObject({
  schema: z.literal(1),
  /** The storage that granted them. */
  id: z.uuid(),
  nfs: z.object({ address: z.string(), port: z.int(), tls: z.literal(true).optional() }),
  leases: z.array(
    z.object({
      volume: z.string(),
      volumeId: z.uuid(),
      since: z.string(),
      attachment: z.object({
        type: z.literal("nfs4"),
        source: z.string(),
        options: z.array(z.string()),
      }),
    }),
  ),
});

/** What a node was granted, as far as it must outlive its process. */
export type RememberedLeases = Pick<z.infer<typeof memorySchema>, "id" | "nfs" | "leases">;

/**
 * The leases of this node in a small file: a plugin that is started while the control API is down mounts what is still its
 * own. One that cannot be read or written is no loss, and an old one neither: the kernel of the server has the last word.
 */
export class LeaseMemory {
  readonly #path: string;
  #next: RememberedLeases | null = null;
  #writing: Promise<void> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Null if nothing is remembered; never rejects. */
  async recall(): Promise<RememberedLeases | null> {
    try {
      return memorySchema.parse(JSON.parse(await readFile(this.#path, "utf8")));
    } catch {
      return null;
    }
  }

  /** Settles when this, or what was to be remembered since, is on disk; never rejects. */
  remember(leases: RememberedLeases): Promise<void> {
    this.#next = leases;
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
    return this.#writing;
  }

  /** Settles when nothing is being written. */
  async saved(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#next !== null) {
      const document = { schema: 1, ...this.#next };
      this.#next = null;
      await writeFileAtomic(this.#path, `${JSON.stringify(document)}\n`).catch(() => {});
    }
  }
}
