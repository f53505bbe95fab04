import { v7 as uuid } from "uuid";
import { bounded } from "../../service/bounded.ts";
import { Directory } from "../../storage/directory/confined.ts";
import { metaFolder } from "../../storage/directory/layout.ts";
import type { BackupStatus } from "../../storage/records/backup-status.ts";

const file = "status.json";
/** Milliseconds; it is written every minute. */
const writeMs = 20_000;

/** Lets everybody who has the storage know that a backup service is alive, and what it has. */
export class SignOfLife {
  readonly #root: string;
  #written = "";

  /** `root` is the storage's directory. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Replaces the document, or only touches it where nothing but the time has changed. Throws if the storage does not answer. */
  async give(status: BackupStatus): Promise<void> {
    await bounded(this.#give(status), writeMs, silent);
  }

  async #give(status: BackupStatus): Promise<void> {
    const { seenAt: _, ...lasting } = status;
    const content = JSON.stringify(lasting);
    await this.#inFolder(async (folder) => {
      if (content === this.#written && (await folder.stat(file)) !== null)
        return folder.touch(file);
      const temporary = `.${uuid()}.tmp`;
      await folder.write(temporary, `${JSON.stringify(status)}\n`);
      await folder.rename(temporary, folder, file);
      this.#written = content;
    });
  }

  async #inFolder<Result>(work: (folder: Directory) => Promise<Result>): Promise<Result> {
    await using root = await Directory.root(this.#root);
    await using meta = await root.open(metaFolder);
    await using folder = await meta.make("backup", 0o700);
    return await work(folder);
  }
}

function silent(): Error {
  return new Error(`the storage did not answer within ${writeMs / 1000} s`);
}
