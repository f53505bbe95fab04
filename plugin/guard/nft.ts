import { CommandFailed, readBounded } from "../../storage/mounting/bounded-command.ts";
import { guardTable, noGuardTable, shapeOf, tableName } from "./guard-rules.ts";
import type { PacketFilter } from "./packet-filter.ts";

/** It speaks to the kernel alone and is done in milliseconds, on an overloaded machine in a second; a mount may be waiting for it. */
const boundMs = 3_000;

/** nft(8) in this process's network name space; needs CAP_NET_ADMIN. */
export class Nft implements PacketFilter {
  readonly #program: string;

  /** By its whole path: programs of other people are called nft as well. */
  constructor(program = "/usr/sbin/nft") {
    this.#program = program;
  }

  async install(addresses: readonly string[], ports: readonly number[]): Promise<string> {
    await this.#run(guardTable(addresses, ports));
    const shape = await this.look();
    if (shape !== null) return shape;
    const reason = "the table is gone as soon as it is made";
    throw new CommandFailed(this.#program, { reason, timedOut: false, missing: false });
  }

  async look(): Promise<string | null> {
    // Of a single table that is not there nft says so in words alone; a list of names just does not have it.
    const names = shapeOf(await this.#run("--json", "list tables inet"));
    const ours = JSON.stringify({ table: { family: "inet", name: tableName } });
    if (!names.includes(ours)) return null;
    return shapeOf(await this.#run("--json", `list table inet ${tableName}`));
  }

  async remove(): Promise<void> {
    await this.#run(noGuardTable());
  }

  #run(...args: readonly string[]): Promise<string> {
    return readBounded(this.#program, args, boundMs);
  }
}
