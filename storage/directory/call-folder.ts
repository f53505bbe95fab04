import { v7 as uuid } from "uuid";
import type * as z from "zod";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import type { Layout, Parts } from "./parts.ts";
import { textOf } from "./record-file.ts";
import { deleteTree } from "./tree.ts";

const calledFile = "called.json";

/** A call, and when it was written, by the storage's clock. */
export interface Written<Record> {
  readonly record: Record;
  readonly writtenMs: number;
}

/**
 * Somebody asks all nodes something: `.swarmnfs/<name>/<id>/called.json`, and beside it the answer of each, by its id. The
 * folder is there only while somebody asks.
 */
export class CallFolder<Call extends { readonly id: string }, Answer> {
  readonly #name: string;
  readonly #callSchema: z.ZodType<Call>;
  readonly #answerSchema: z.ZodType<Answer>;

  constructor(name: string, callSchema: z.ZodType<Call>, answerSchema: z.ZodType<Answer>) {
    this.#name = name;
    this.#callSchema = callSchema;
    this.#answerSchema = answerSchema;
  }

  /** Makes the call, or replaces it. */
  async call(parts: Parts, layout: Layout, call: Call): Promise<void> {
    // The last answer to another call may take the folder away while this one is put into it.
    for (let attempt = 0; ; attempt += 1) {
      try {
        await using calls = await layout.meta.make(this.#name, 0o700);
        await using own = await calls.make(call.id, 0o700);
        await put(parts, layout, own, calledFile, call);
        return;
      } catch (error) {
        if (attempt >= 3 || !isTrouble(error, "ENOENT")) throw error;
      }
    }
  }

  /** Those that were written within the last `ms` milliseconds. */
  pending(
    parts: Pick<Parts, "clock">,
    layout: Layout,
    ms: number,
  ): Promise<readonly Written<Call>[]> {
    return this.#within(layout, [], async (calls) => {
      const found: Written<Call>[] = [];
      for (const id of await calls.names()) {
        const each = await this.#called(calls, id);
        if (each !== null && parts.clock.now() - each.writtenMs < ms) found.push(each);
      }
      return found;
    });
  }

  /** A call, however old. */
  get(layout: Layout, id: string): Promise<Written<Call> | null> {
    return this.#within(layout, null, (calls) => this.#called(calls, id));
  }

  /** False: nobody waits for it any more. */
  answer(
    parts: Parts,
    layout: Layout,
    id: string,
    nodeId: string,
    answer: Answer,
  ): Promise<boolean> {
    return this.#within(layout, false, async (calls) => {
      if ((await this.#called(calls, id)) === null) return false;
      await using own = await calls.open(id);
      await put(parts, layout, own, `${nodeId}.json`, answer);
      return true;
    });
  }

  /** The answers so far. */
  answers(layout: Layout, id: string): Promise<readonly Written<Answer>[]> {
    return this.#within(layout, [], async (calls) => {
      await using own = await calls.open(id);
      const answers: Written<Answer>[] = [];
      for (const name of await own.names()) {
        const file = name === calledFile ? null : await own.read(name);
        const record = file === null ? null : understood(file.text, this.#answerSchema);
        if (file !== null && record !== null)
          answers.push({ record, writtenMs: Number(file.stamp.mtimeMs) });
      }
      return answers;
    });
  }

  /** Takes the call and its answers away. */
  async end(parts: Parts, layout: Layout, id: string): Promise<void> {
    await this.#within(layout, undefined, (calls) => deleteTree(calls, id, parts.progress));
    await layout.meta.rmdir(this.#name);
  }

  /** Calls that nobody has answered or written for so many milliseconds. */
  abandoned(parts: Pick<Parts, "clock">, layout: Layout, ms: number): Promise<readonly string[]> {
    return this.#within(layout, [], async (calls) => {
      const ids: string[] = [];
      for (const id of await calls.names()) {
        const stamp = await calls.stat(id);
        if (stamp !== null && parts.clock.now() - Number(stamp.mtimeMs) > ms) ids.push(id);
      }
      return ids;
    });
  }

  async #within<T>(layout: Layout, none: T, work: (calls: Directory) => Promise<T>): Promise<T> {
    try {
      await using calls = await layout.meta.open(this.#name);
      return await work(calls);
    } catch (error) {
      // It is taken away with the last call, also while somebody looks.
      if (isTrouble(error, "ENOENT", "ENOTDIR", "ESTALE")) return none;
      throw error;
    }
  }

  async #called(calls: Directory, id: string): Promise<Written<Call> | null> {
    try {
      await using own = await calls.open(id);
      const file = await own.read(calledFile);
      const record = file === null ? null : understood(file.text, this.#callSchema);
      if (file === null || record === null || record.id !== id) return null;
      return { record, writtenMs: Number(file.stamp.mtimeMs) };
    } catch (error) {
      if (isTrouble(error, "ENOENT", "ENOTDIR")) return null;
      throw error;
    }
  }
}

function understood<Record>(text: string, schema: z.ZodType<Record>): Record | null {
  try {
    return parseRecord(text, schema);
  } catch (error) {
    if (error instanceof DamagedRecord) return null;
    throw error;
  }
}

async function put(
  parts: Parts,
  layout: Layout,
  folder: Directory,
  name: string,
  record: unknown,
): Promise<void> {
  const tmp = await layout.folder("tmp");
  const temporary = uuid();
  const written = await tmp.write(temporary, textOf(record), true);
  parts.clock.observe(written.mtimeMs);
  try {
    await tmp.rename(temporary, folder, name);
  } catch (error) {
    await tmp.unlink(temporary);
    throw error;
  }
}
