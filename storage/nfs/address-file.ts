import { readFile } from "node:fs/promises";
import * as z from "zod";
import { writeFileAtomic } from "../../service/atomic-file.ts";
import type { AddressMemory } from "./server-name.ts";

const byHost = z.record(z.string(), z.array(z.union([z.ipv4(), z.ipv6()])));
const schema = z.looseObject({
  schema: z.literal(1),
  addresses: byHost,
  /** Where it was before that, the latest first. */
  former: byHost.default({}),
});
/** How many of those are kept: more often no server moves between two boots of a node. */
const mostFormer = 8;

/** Servers' last known addresses in a small file of this node. One that cannot be read or written is no loss. */
export class AddressFile implements AddressMemory {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async recall(host: string): Promise<readonly string[]> {
    return of(host, (await this.#read()).addresses);
  }

  async former(host: string): Promise<readonly string[]> {
    return of(host, (await this.#read()).former);
  }

  async remember(host: string, addresses: readonly string[]): Promise<void> {
    const known = await this.#read();
    const before = new Set([...of(host, known.addresses), ...of(host, known.former)]);
    for (const address of addresses) before.delete(address);
    const former = [...before].slice(0, mostFormer);
    // One server is all a node has: others are not kept.
    const document = { schema: 1, addresses: { [host]: addresses }, former: { [host]: former } };
    await writeFileAtomic(this.#path, `${JSON.stringify(document)}\n`).catch(() => {});
  }

  async #read(): Promise<Pick<z.infer<typeof schema>, "addresses" | "former">> {
    try {
      return schema.parse(JSON.parse(await readFile(this.#path, "utf8")));
    } catch {
      return { addresses: {}, former: {} };
    }
  }
}

function of(host: string, all: z.infer<typeof byHost>): readonly string[] {
  return new Map(Object.entries(all)).get(host) ?? [];
}
