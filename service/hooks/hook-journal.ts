import * as z from "zod";
import { StateFile } from "../state-file.ts";

/** One thing that has to be undone, and how. */
const debtSchema = z.strictObject({
  app: z.string(),
  kind: z.enum(["pause", "stop", "scale", "post"]),
  /** The container's id, or the service's for `scale`. */
  target: z.string(),
  name: z.string(),
  /** For `scale`: how many there were. */
  replicas: z.int().min(0).optional(),
  /** For `post`: the command. */
  command: z.string().optional(),
});

const journalSchema = z.strictObject({ debts: z.array(debtSchema) });

export type Debt = z.infer<typeof debtSchema>;

/** What was done to containers and has to be undone: on disk before it is done, and until after it is undone. */
export class HookJournal {
  readonly #file: StateFile<z.infer<typeof journalSchema>>;

  private constructor(file: StateFile<z.infer<typeof journalSchema>>) {
    this.#file = file;
  }

  /** `onDamage` is told of a journal that could not be read: then somebody has to look at the containers himself. */
  static async open(
    path: string,
    onDamage: (setAside: string, reason: string) => void,
  ): Promise<HookJournal> {
    return new HookJournal(await StateFile.open(path, journalSchema, { debts: [] }, onDamage));
  }

  of(app: string): readonly Debt[] {
    return this.#file.data.debts.filter((debt) => debt.app === app);
  }

  /** What another app's backup did to the same container or service, and has not undone yet; null: nothing. */
  ofAnother(app: string, target: string): Debt | null {
    const found = this.#file.data.debts.find(
      (debt) => debt.app !== app && debt.target === target && debt.kind !== "post",
    );
    return found ?? null;
  }

  get apps(): readonly string[] {
    return [...new Set(this.#file.data.debts.map(({ app }) => app))];
  }

  async add(debt: Debt): Promise<void> {
    this.#file.data.debts.push(debt);
    await this.#file.save();
  }

  /** Forgotten at once, and on disk when it settles. */
  async remove(debt: Debt): Promise<void> {
    this.#file.data.debts = this.#file.data.debts.filter((each) => each !== debt);
    await this.#file.save();
  }
}
