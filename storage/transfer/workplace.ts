import * as z from "zod";
import { UserError } from "../../service/user-error.ts";
import type { Directory } from "../directory/confined.ts";
import type { TransferReport } from "./transfer-report.ts";
import { transferReportSchema } from "./transfer-report.ts";

/** In the target's top directory, while something is on its way there. */
export const workplaceName = ".swarmnfs-transfer";

const jobFile = "job.json";
const nextFile = `${jobFile}.next`;
const wholeName = "whole";
const attemptPrefix = "attempt-";

const jobSchema = z.object({
  schema: z.literal(1),
  /** What is copied, in words: `local:blog_data of node1`. */
  what: z.string(),
  /** What came of the comparison, once it found nothing. */
  report: transferReportSchema.nullable(),
  /** All is in its place; what is left is to take the workplace away. */
  done: z.boolean(),
});
type Job = z.infer<typeof jobSchema>;

/**
 * Where a copy is made, inside the directory that it is for, so that it gets to its place by being renamed, and what of it
 * is there is known after any crash. What is in a workplace is nobody's but ours.
 */
export class Workplace implements AsyncDisposable {
  readonly folder: Directory;
  readonly #target: Directory;

  private constructor(target: Directory, folder: Directory) {
    this.#target = target;
    this.folder = folder;
  }

  /**
   * Opens that of an earlier run of the same, or makes one. Throws `conflict` where anything else is in the directory: nothing
   * is ever overwritten, nor put between the files of others.
   */
  static async in(target: Directory, what: string): Promise<Workplace> {
    const others = (await target.names()).filter((name) => name !== workplaceName);
    const isThere = (await target.stat(workplaceName)) !== null;
    if (!isThere && others.length > 0) throw occupied(others);
    if (!isThere) await target.mkdir(workplaceName, 0o700);
    const place = new Workplace(target, await target.open(workplaceName));
    try {
      await place.#claim(what, others);
      return place;
    } catch (error) {
      await place[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What came of it so far: by an earlier run, if that was ended late. */
  async state(): Promise<{ report: TransferReport | null; done: boolean }> {
    const { report = null, done = false } = (await this.#job()) ?? {};
    return { report, done };
  }

  /** What earlier runs copied. */
  async attempts(): Promise<string[]> {
    return (await this.folder.names()).filter((name) => name.startsWith(attemptPrefix));
  }

  /** A new directory to copy into. */
  async attempt(id: string): Promise<Directory> {
    await this.folder.mkdir(attemptPrefix + id, 0o700);
    return this.folder.open(attemptPrefix + id);
  }

  async reopen(id: string): Promise<Directory> {
    return this.folder.open(attemptPrefix + id);
  }

  /** That of this id was compared, and is what is put in place from now on, whatever happens. */
  async declareWhole(id: string, what: string, report: TransferReport): Promise<void> {
    await this.#write({ schema: 1, what, report, done: false });
    await this.folder.rename(attemptPrefix + id, this.folder, wholeName);
    await this.folder.sync();
  }

  /** What was compared and is to be put in place, or null. The caller disposes of it. */
  async whole(): Promise<Directory | null> {
    return (await this.folder.stat(wholeName)) === null ? null : this.folder.open(wholeName);
  }

  /** All is in place: the workplace goes. */
  async leave(what: string, report: TransferReport): Promise<void> {
    await this.#write({ schema: 1, what, report, done: true });
    await this.folder.rmdir(wholeName);
    await this.#target.sync();
    await this.folder.unlink(jobFile);
    await this.#target.rmdir(workplaceName);
    await this.#target.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }

  async #claim(what: string, others: readonly string[]): Promise<void> {
    const job = await this.#job();
    // One that was being written when the machine went down says nothing.
    const isEmpty = (await this.folder.names()).every((name) => name === nextFile);
    if (job === null && !isEmpty)
      throw new UserError(
        "conflict",
        `"${workplaceName}" in it is not of a copy that can be gone on with. Look at it, and move it away`,
      );
    if (job === null && others.length > 0) {
      await this.folder.unlink(nextFile);
      await this.#target.rmdir(workplaceName);
      throw occupied(others);
    }
    if (job === null) return this.#write({ schema: 1, what, report: null, done: false });
    if (job.what !== what)
      throw new UserError(
        "conflict",
        `a copy of ${job.what} was begun there and is not finished, and this is ${what}. Finish that one, or empty the place`,
      );
    const isPlacing = job.done || (await this.folder.stat(wholeName)) !== null;
    if (!isPlacing && others.length > 0) throw occupied(others);
  }

  async #job(): Promise<Job | null> {
    const found = await this.folder.read(jobFile);
    if (found === null) return null;
    try {
      return jobSchema.parse(JSON.parse(found.text));
    } catch {
      return null;
    }
  }

  async #write(job: Job): Promise<void> {
    await this.folder.unlink(nextFile);
    await this.folder.write(nextFile, JSON.stringify(job));
    await this.folder.rename(nextFile, this.folder, jobFile);
    await this.folder.sync();
    await this.#target.sync();
  }
}

/** Files that are not ours. */
export function occupied(names: readonly string[]): UserError {
  const [first, ...more] = names;
  return new UserError(
    "conflict",
    `it holds files already ("${first}"${more.length === 0 ? "" : ` and ${more.length} more`}), and nothing is overwritten. It has to be empty`,
  );
}
