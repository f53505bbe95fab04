import type { Channel } from "../../../nfs-server/exports/channel.ts";
import {
  formatQuestion,
  type ChannelName,
  type Question,
  type Told,
} from "../../../nfs-server/exports/questions.ts";

interface Known {
  readonly told: Told;
  readonly expiry: number;
}

/** The kernel's tables as it keeps them: it knows clients by their addresses only, and refuses lines about others. */
export class FakeKernel {
  readonly known = new Map<string, Known>();
  readonly lines: string[] = [];
  /** Places that are there; null: all. */
  places: Set<string> | null = null;
  /** Of its export table, as people see it. */
  content = "";
  readonly #asked: Question[] = [];
  readonly tables: Record<ChannelName, Channel>;
  forgotten = 0;

  constructor() {
    const channel = (name: ChannelName): Channel => ({
      questions: () => {
        const mine = this.#asked.filter((question) => question.channel === name);
        for (const each of mine) this.#asked.splice(this.#asked.indexOf(each), 1);
        return mine;
      },
      tell: (told, expiry) => this.#tell(told, expiry),
      forget: () => {
        this.forgotten += 1;
        for (const key of this.known.keys()) if (key.startsWith(`${name} `)) this.known.delete(key);
      },
      content: () => this.content,
      close: () => undefined,
    });
    this.tables = {
      "auth.unix.ip": channel("auth.unix.ip"),
      "nfsd.fh": channel("nfsd.fh"),
      "nfsd.export": channel("nfsd.export"),
    };
  }

  ask(question: Question): void {
    this.#asked.push(question);
  }

  /** What the kernel would do now; undefined: it would ask. */
  knows(question: Question): Told["answer"] | undefined {
    return this.known.get(keyOf(question))?.told.answer;
  }

  expiryOf(question: Question): number {
    return this.known.get(keyOf(question))?.expiry ?? 0;
  }

  #tell(told: Told, expiry: number): void {
    const { question, answer } = told;
    if (question.channel !== "auth.unix.ip" && !this.#hasClient(question.client)) refuse("ENOENT");
    const place = question.channel === "nfsd.export" ? question.path : answer;
    if (question.channel !== "auth.unix.ip" && typeof place === "string")
      if (this.places !== null && !this.places.has(place)) refuse("ENOENT");
    this.lines.push(`${keyOf(question)} -> ${JSON.stringify(answer)}`);
    this.known.set(keyOf(question), { told, expiry });
  }

  #hasClient(client: string): boolean {
    return [...this.known].some(
      ([key, { told }]) => key.startsWith("auth.unix.ip ") && told.answer === client,
    );
  }
}

function keyOf(question: Question): string {
  return `${question.channel} ${formatQuestion(question)}`;
}

function refuse(code: string): never {
  throw Object.assign(new Error(code), { code });
}
