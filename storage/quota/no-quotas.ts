import type { Quotas } from "./quotas.ts";

/** A file system that cannot limit directories. */
export class NoQuotas implements Quotas {
  readonly kind = "none";
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }

  async assign(): Promise<void> {
    // A volume without a limit needs no project.
  }

  async projectOf(): Promise<null> {
    return null;
  }

  async isLimited(_directory: string, _root: string, bytes: number | null): Promise<boolean> {
    return bytes === null;
  }

  async prove(): Promise<void> {
    throw new Error(`limits were to be proved on a file system without: ${this.why}`);
  }

  async limit(_project: number, bytes: number | null): Promise<void> {
    if (bytes !== null) throw new Error(`a limit was asked of a file system without: ${this.why}`);
  }
}
