import { readFile } from "node:fs/promises";
import * as z from "zod";
import { writeFileAtomic } from "../../service/atomic-file.ts";
import type { AddressMemory } from "./server-name.ts";

const schema = z.looseObject({
  schema: z.literal(1),
  addresses: z.record(z.string(), z.array(z.union([z.ipv4(), z.ipv6()]))),
});

/** Servers' last known addresses in a small file of this node. One that cannot be read or written is no loss. */
export class AddressFile implements AddressMemory {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async recall(host: string): Promise<readonly string[]> {
    return new Map(Object.entries(await this.#read())).get(host) ?? [];
  }

  async remember(host: string, addresses: readonly string[]): Promise<void> {
    // One server is all a node has: those of before are not kept.
    const document = { schema: 1, addresses: { [host]: addresses } };
    await writeFileAtomic(this.#path, `${JSON.stringify(document)}\n`).catch(() => {});
  }

  async #read(): Promise<Readonly<Record<string, readonly string[]>>> {
    try {
      return schema.parse(JSON.parse(await readFile(this.#path, "utf8"))).addresses;
    } catch {
      return {};
    }
  }
}
