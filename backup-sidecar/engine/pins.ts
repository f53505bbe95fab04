import { buffer } from "node:stream/consumers";
import * as z from "zod";
import { timeSchema } from "../../storage/records/fields.ts";
import type { Remote } from "../repository/remote.ts";
import type { Documents } from "./documents.ts";
import { pathOf } from "./runner.ts";

const pinSchema = z.looseObject({
  schema: z.literal(1),
  app: z.string(),
  /** `creating` is written before anything is made on the server: a crash in between is told from a stranger's work. */
  state: z.enum(["creating", "known"]),
  repository: z.string().nullable(),
  at: timeSchema,
  /** The counter of the lease under which it was written. */
  counter: z.int(),
  /** Copies (base64) of its config and keys, small files without which nothing can be read. They are encrypted by the password. */
  config: z.string().nullable(),
  keys: z.record(z.string(), z.string()),
});

/** What we know of an app's repository, independently of the server. */
export type Pin = z.infer<typeof pinSchema>;

/** What the server's own metadata.json says of an app. */
export interface ToldPin {
  readonly repository: string;
  /** The id of the storage whose app it is; null in old files. */
  readonly storage: string | null;
}

/** Where ids of repositories are written down: on the storage and in this service's state; a third place is the server. */
export class Pins {
  readonly #storage: Documents;
  readonly #local: Documents;
  readonly #told: (app: string, signal?: AbortSignal) => Promise<ToldPin | null>;

  constructor(
    storage: Documents,
    local: Documents,
    told: (app: string, signal?: AbortSignal) => Promise<ToldPin | null>,
  ) {
    this.#storage = storage;
    this.#local = local;
    this.#told = told;
  }

  /** The storage's, or else ours. Throws `DamagedRecord`: what cannot be read is not unknown. */
  async of(app: string): Promise<Pin | null> {
    const [stored, local] = await Promise.all([
      this.#storage.read(app, pinSchema),
      this.#local.read(app, pinSchema),
    ]);
    if (stored?.state === "known" || local === null) return stored;
    return local;
  }

  /** All ids that are known of it but the server's; more than one is a contradiction. */
  async ids(app: string): Promise<ReadonlySet<string>> {
    const pins = await Promise.all([
      this.#storage.read(app, pinSchema),
      this.#local.read(app, pinSchema),
    ]);
    return new Set(pins.flatMap((pin) => pin?.repository ?? []));
  }

  told(app: string, signal?: AbortSignal): Promise<ToldPin | null> {
    return this.#told(app, signal);
  }

  /** Whether any app of this storage was ever backed up, as far as is known here. */
  async any(): Promise<boolean> {
    const names = [...(await this.#storage.names()), ...(await this.#local.names())];
    const pins = await Promise.all(names.map((name) => this.of(name)));
    return pins.some((pin) => pin?.state === "known");
  }

  async write(pin: Pin): Promise<void> {
    await this.#storage.write(pin.app, pin);
    await this.#local.write(pin.app, pin);
  }
}

/** Copies of what the server has of config and keys. */
export async function copyOfKeys(
  remote: Remote,
  app: string,
  signal?: AbortSignal,
): Promise<Pick<Pin, "config" | "keys">> {
  const path = pathOf(app);
  const read = async (name: string): Promise<string> =>
    (await buffer(await remote.read(`${path}/${name}`, undefined, signal))).toString("base64");
  const keys: Record<string, string> = {};
  for (const { name } of await remote.list(`${path}/keys`, signal))
    keys[name] = await read(`keys/${name}`);
  return { config: await read("config"), keys };
}
