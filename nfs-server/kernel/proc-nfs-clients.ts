import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { bounded } from "../../service/bounded.ts";
import { UserError } from "../../service/user-error.ts";
import { canonicalAddress } from "../exports/answers.ts";
import type { NfsClient, NfsClients } from "./nfs-clients.ts";

/** How long the kernel has to take a client's state away, in milliseconds: it waits for the client's calls under way. */
const usualBoundMs = 5_000;
const lookAgainMs = 20;

/** The clients as the kernel lists them: a folder each, with a file to read and one to write. */
export class ProcNfsClients implements NfsClients {
  readonly #folder: string;
  readonly #boundMs: number;

  /** `folder` and the bound are the usual ones but in tests. */
  constructor(folder = "/proc/fs/nfsd/clients", boundMs = usualBoundMs) {
    this.#folder = folder;
    this.#boundMs = boundMs;
  }

  list(): Promise<readonly NfsClient[]> {
    return this.#bounded(this.#list(), "its list of clients cannot be read");
  }

  async expire(nodeId: string, given: string | null): Promise<number> {
    const address = given === null ? null : (canonicalAddress(given) ?? given);
    return this.#bounded(
      this.#expire((client) => client.address === address || isOf(nodeId, client)),
      `the state of the client ${address === null ? nodeId : `at ${address}`} is not gone`,
    );
  }

  async #list(): Promise<readonly NfsClient[]> {
    const ids = await unlessMissing(readdir(this.#folder));
    const clients = await Promise.all((ids ?? []).map((id) => this.#client(id)));
    return clients.filter((client) => client !== null);
  }

  async #client(id: string): Promise<NfsClient | null> {
    // It may be gone since it was listed.
    const info = await unlessMissing(readFile(join(this.#folder, id, "info"), "utf8"));
    return info === null ? null : parseClient(id, info);
  }

  async #expire(isMeant: (client: NfsClient) => boolean): Promise<number> {
    const found = (await this.#list()).filter(isMeant);
    await Promise.all(
      found.map(({ id }) =>
        // These very bytes, or the kernel refuses.
        unlessMissing(writeFile(join(this.#folder, id, "ctl"), "expire\n", { flag: "r+" })),
      ),
    );
    const ids = new Set(found.map(({ id }) => id));
    // Whoever waits is answered at the bound; this only ends with it.
    for (const until = performance.now() + this.#boundMs; ;) {
      const left = (await this.#list()).filter(({ id }) => ids.has(id));
      if (left.length === 0) return found.length;
      if (performance.now() > until) throw new Error("the kernel takes its time");
      await delay(lookAgainMs);
    }
  }

  #bounded<Result>(work: Promise<Result>, what: string): Promise<Result> {
    const late = (): UserError =>
      new UserError(
        "unavailable",
        `the kernel's NFS server does not answer: ${what} after ${this.#boundMs / 1000} s. Look at the data disk and at the kernel's log`,
      );
    return bounded(work, this.#boundMs, late);
  }
}

/** A plugin calls its node's client by the node's id, and one that had to part from its former mounts `ID-…`. */
function isOf(nodeId: string, { name }: NfsClient): boolean {
  return name === nodeId || name.startsWith(`${nodeId}-`);
}

/** Understands `clients/ID/info`. Missing lines are empty. */
export function parseClient(id: string, info: string): NfsClient {
  const value = (key: string): string =>
    new RegExp(`^${key}: (.*)$`, "m").exec(info)?.[1]?.trim() ?? "";
  return {
    id,
    address: addressOf(unquoted(value("address"))),
    name: nameOf(unquoted(value("name"))),
    status: value("status"),
  };
}

/** `10.77.0.11:832` or `[fd00::5]:832`, without its port. */
function addressOf(text: string): string {
  const bare = /^\[(.*)\]:\d+$/.exec(text)?.[1] ?? /^(.*):\d+$/.exec(text)?.[1] ?? text;
  return canonicalAddress(bare) ?? bare;
}

/** Linux calls itself `Linux NFSv4.2 IDENTIFIER/HOST`, or without an identifier `Linux NFSv4.2 HOST`. */
function nameOf(owner: string): string {
  const [, own] = /^Linux NFSv4\.\d+ (.*)$/s.exec(owner) ?? [];
  return own?.split("/")[0] ?? owner;
}

/** In quotes, and what does not belong there as hex or octal. */
function unquoted(text: string): string {
  return text
    .replace(/^"(.*)"$/s, "$1")
    .replaceAll(/\\x([0-9a-f]{2})|\\([0-7]{3})/g, (_, hex?: string, octal?: string) =>
      String.fromCharCode(Number.parseInt(hex ?? octal ?? "", hex === undefined ? 8 : 16)),
    );
}

async function unlessMissing<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The kernel answers ENXIO for a client that goes while its file is open.
    if (code === "ENOENT" || code === "ENXIO") return null;
    throw error;
  }
}
