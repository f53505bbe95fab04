import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import {
  formatAnswer,
  parseQuestion,
  type ChannelName,
  type Question,
  type Told,
} from "./questions.ts";

/** One of the kernel's tables, as an effect. Nothing here waits: it is all memory of the kernel. */
export interface Channel {
  /** All questions that nobody has answered yet and that this reader has not seen. */
  questions(): readonly Question[];
  /** Tells the kernel something, asked or not. `expiry` is in seconds of the wall clock. Throws what the kernel says. */
  tell(told: Told, expiry: number): void;
  /** The kernel forgets all of the table. */
  forget(): void;
  /** What the kernel knows now, in words for people; each table has its own. */
  content(): string;
  close(): void;
}

/** More than the kernel can write at once: a line is below one page. */
const buffer = Buffer.alloc(64 * 1024);

/**
 * A table by its files, `/proc/net/rpc/NAME/{channel,flush}`. Read and written at once, in this thread: the threads that
 * Node.js keeps for files may all be waiting for a data disk that hangs, and the kernel must get its answer all the same.
 */
export class ProcChannel implements Channel {
  readonly #name: ChannelName;
  readonly #flush: string;
  readonly #content: string;
  readonly #file: number;

  /** `folder` is /proc/net/rpc but in tests. Throws if it is not there, as when the kernel's NFS server was never loaded. */
  constructor(name: ChannelName, folder = "/proc/net/rpc") {
    this.#name = name;
    this.#flush = join(folder, name, "flush");
    this.#content = join(folder, name, "content");
    const flags = constants.O_RDWR | constants.O_NONBLOCK;
    this.#file = openSync(join(folder, name, "channel"), flags);
  }

  questions(): readonly Question[] {
    const found: Question[] = [];
    // The kernel gives one line a time, and nothing when there is none.
    for (let text = this.#read(); text !== ""; text = this.#read())
      for (const line of text.split("\n")) {
        const question = line === "" ? null : parseQuestion(this.#name, line);
        if (question !== null) found.push(question);
      }
    return found;
  }

  tell(told: Told, expiry: number): void {
    // One line is one write(2).
    writeSync(this.#file, formatAnswer(told, expiry));
  }

  forget(): void {
    // Everything that is known now goes, and what is told from now on stays. Newer kernels do not even look at the time.
    writeFileSync(this.#flush, `${Math.floor(Date.now() / 1000)}\n`);
  }

  content(): string {
    return readFileSync(this.#content, "utf8");
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(): string {
    try {
      return buffer.toString("utf8", 0, readSync(this.#file, buffer, 0, buffer.length, null));
    } catch (error) {
      // A fifo, where tests stand in for the kernel, says so instead of reading nothing.
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "";
      throw error;
    }
  }
}
