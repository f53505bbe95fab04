import { mkdir } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { Log } from "../service/log.ts";
import { messageOf } from "../service/message-of.ts";
import { StateFile } from "../service/state-file.ts";

const schema = z.object({ schema: z.literal(1), storage: z.uuid().nullable() });

/**
 * Which data disk this machine has, known without the disk: where it is not mounted there is an empty directory, which
 * must not be begun anew as another storage. The file is on a volume of the container's, or gone with the container;
 * whatever is wrong with it is no reason not to serve.
 */
export class KnownStorage {
  readonly #file: StateFile<z.infer<typeof schema>> | null;
  readonly #log: Log;

  private constructor(file: StateFile<z.infer<typeof schema>> | null, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  static async open(place: string, log: Log): Promise<KnownStorage> {
    try {
      await mkdir(path.dirname(place), { recursive: true });
      const file = await StateFile.open(place, schema, { schema: 1, storage: null }, forgotten);
      return new KnownStorage(file, log);
    } catch (error) {
      forgotten(place, messageOf(error));
      return new KnownStorage(null, log);
    }

    function forgotten(setAside: string, reason: string): void {
      log.warn(
        { file: setAside, reason },
        "which data disk this machine has is not known any more",
      );
    }
  }

  /** The storage's id, or null. */
  get id(): string | null {
    return this.#file?.data.storage ?? null;
  }

  async remember(id: string): Promise<void> {
    if (this.#file === null || this.id === id) return;
    this.#file.data.storage = id;
    try {
      await this.#file.save();
    } catch (error) {
      this.#log.warn({ err: error }, "which data disk this machine has could not be written down");
    }
  }
}
