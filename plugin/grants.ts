import { join } from "node:path";
import * as z from "zod";
import { StateFile } from "../service/state-file.ts";

const grantsSchema = z.looseObject({
  schema: z.literal(1),
  /** `volume` is the id of its record: a name may come again, with other rules. */
  grants: z.array(z.object({ volume: z.string(), to: z.array(z.string()), at: z.iso.datetime() })),
});

/** Names that are kept of those who were allowed one volume: enough to tell people, however many containers come. */
const mostNames = 10;

/** `grants.json`: who was allowed to mount what, for the moments when the engine is silent at its own boot. */
export class Grants {
  readonly #file: StateFile<z.infer<typeof grantsSchema>>;

  private constructor(file: StateFile<z.infer<typeof grantsSchema>>) {
    this.#file = file;
  }

  static async open(
    directory: string,
    onDamage: (setAside: string, reason: string) => void,
  ): Promise<Grants> {
    const path = join(directory, "grants.json");
    return new Grants(
      await StateFile.open(path, grantsSchema, { schema: 1, grants: [] }, onDamage),
    );
  }

  /** Whoever was allowed before, in words; empty if nobody was. */
  rememberedFor(volume: string): readonly string[] {
    return this.#file.data.grants.find((grant) => grant.volume === volume)?.to ?? [];
  }

  /** Writes only what is new, so that a restarting container costs no write. */
  async remember(volume: string, to: readonly string[], at: string): Promise<void> {
    const grant = this.#file.data.grants.find((one) => one.volume === volume);
    const names = to.slice(0, mostNames);
    if (grant === undefined) this.#file.data.grants.push({ volume, to: names, at });
    else if (names.every((name) => grant.to.includes(name))) return;
    else grant.to = [...new Set([...names, ...grant.to])].slice(0, mostNames);
    await this.#file.save();
  }

  async forget(volume: string): Promise<void> {
    const kept = this.#file.data.grants.filter((grant) => grant.volume !== volume);
    if (kept.length === this.#file.data.grants.length) return;
    this.#file.data.grants = kept;
    await this.#file.save();
  }
}
