import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ScratchFiles } from "../../../plugin/cluster/scratch-files.ts";
import type { FakeMounter } from "../fake-mounter.ts";

/** Files in what a kernel in memory has mounted: where its source really is. */
export class FakeScratchFiles implements ScratchFiles {
  readonly #mounter: FakeMounter;
  /** Where a source of NFS lies on the server's disk. */
  served: (source: string) => string = (source) => source;
  /** Not null: whoever touches a file gets this. */
  failure: Error | null = null;
  /** Not null: what is read instead. */
  instead: string | null = null;

  constructor(mounter: FakeMounter) {
    this.#mounter = mounter;
  }

  async write(directory: string, name: string, text: string): Promise<void> {
    await writeFile(this.#at(directory, name), text, { flag: "wx" });
  }

  async read(directory: string, name: string): Promise<string> {
    const text = await readFile(this.#at(directory, name), "utf8");
    return this.instead ?? text;
  }

  #at(directory: string, name: string): string {
    if (this.failure !== null) throw this.failure;
    const attachment = this.#mounter.table.get(path.basename(directory));
    if (attachment === undefined) throw new Error(`nothing is mounted at ${directory}`);
    return path.join(this.served(attachment.source), name);
  }
}
