import type { LiveNode } from "../nodes/live-node.ts";
import { keyOf } from "./lease-file.ts";
import type { Shared } from "./shared.ts";

type AddressParts = Pick<Shared, "attendance" | "table" | "files" | "exports" | "log">;

/** The address at which the kernel knows a node is the one that it calls from. */
export class Addresses {
  readonly #parts: AddressParts;

  constructor(parts: AddressParts) {
    this.#parts = parts;
  }

  /** Which addresses a node may call from was decided where its certificate was checked. */
  async follow({ id, name, address }: LiveNode): Promise<void> {
    const { attendance, exports, log } = this.#parts;
    const before = attendance.addressOf(id);
    if (before === address) return;
    const former = attendance.at(address);
    // First of all: what fails here is done again with the next call, and nobody else may come from there as this node.
    if (before !== null) await exports.dismiss(before);
    await exports.admit(id, address);
    attendance.moved(id, address);
    if (former !== null) {
      attendance.moved(former, null);
      log.warn(
        { audit: "address", address, node: name, former },
        "an address has another node now",
      );
    }
    if (before !== null)
      log.info({ audit: "address", node: name, before, address }, "a node has moved");
    await this.#write(id, address);
  }

  /** So that it is admitted there after a restart of the server, before it calls again. */
  async #write(id: string, address: string): Promise<void> {
    const { table, files } = this.#parts;
    for (const held of table.ofNode(id)) {
      if (held.record.address === address) continue;
      held.record = { ...held.record, address };
      await files.write(keyOf(held.record.volume, id), held.record);
    }
  }
}
