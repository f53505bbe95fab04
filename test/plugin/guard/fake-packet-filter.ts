import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";
import type { PacketFilter } from "../../../plugin/guard/packet-filter.ts";

/** The kernel's packet filter, in memory; it outlives the plugin. */
export class FakePacketFilter implements PacketFilter {
  /** What the table says; null: there is none. Anybody may change it. */
  table: string | null = null;
  /** `install 10.0.0.5:2049`, `remove`, in order. */
  readonly calls: string[] = [];
  /** Not null: nft fails with these words. */
  failure: string | null = null;
  /** There is no nft. */
  missing = false;

  async install(addresses: readonly string[], ports: readonly number[]): Promise<string> {
    const rules = addresses.map((address) => `${address}:${ports.join("/")}`).join(" ");
    this.calls.push(`install ${rules}`);
    this.#fail();
    this.table = rules;
    return rules;
  }

  async look(): Promise<string | null> {
    this.#fail();
    return this.table;
  }

  async remove(): Promise<void> {
    this.calls.push("remove");
    this.#fail();
    this.table = null;
  }

  #fail(): void {
    const reason = this.missing ? "spawn nft ENOENT" : this.failure;
    if (reason === null) return;
    throw new CommandFailed("nft", { reason, timedOut: false, missing: this.missing });
  }
}
