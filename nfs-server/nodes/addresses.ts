import { formatDuration } from "../../service/age.ts";
import { UserError } from "../../service/user-error.ts";

interface Place {
  readonly address: string;
  /** On the monotonic clock; null: before this server's start, or it hung up for good. */
  seenAt: number;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * Where each node is (contracts §6): one live address a node, one node an address. The kernel believes addresses, and
 * so a second one at the same time is refused, whoever of the two is the thief; a new one is taken when the old has
 * been silent for a while.
 */
export class Addresses {
  readonly #monotonic: () => number;
  readonly #silentMs: number;
  readonly #places = new Map<string, Place>();
  readonly #names = new Map<string, Named>();

  /** `monotonic` in milliseconds; `silentMs`: who said nothing for so long has left. */
  constructor(monotonic: () => number, silentMs: number) {
    this.#monotonic = monotonic;
    this.#silentMs = silentMs;
  }

  /** What was so before this server started: it holds until it has been silent for a while. */
  remember(node: Named, address: string): void {
    if (!this.#names.has(address)) this.#set(node, address);
  }

  /** A sign of life. Throws `denied`, and changes nothing, when either is live elsewhere. Answers whether it moved. */
  claim(node: Named, address: string): boolean {
    const place = this.#places.get(node.id);
    if (place?.address === address) {
      place.seenAt = this.#monotonic();
      return false;
    }
    if (place !== undefined && this.#isLive(place)) throw this.#alsoAt(node, place, address);
    const other = this.#names.get(address);
    const otherPlace = other === undefined ? undefined : this.#places.get(other.id);
    if (other !== undefined && otherPlace !== undefined) {
      if (this.#isLive(otherPlace)) throw this.#taken(node, other, otherPlace);
      this.release(other.id);
    }
    this.release(node.id);
    this.#set(node, address);
    return true;
  }

  /** It is nowhere any more. */
  release(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#places.delete(id);
    this.#names.delete(place.address);
  }

  addressOf(id: string): string | null {
    return this.#places.get(id)?.address ?? null;
  }

  /** The id of the node that is there, or was last. */
  nodeAt(address: string): string | null {
    return this.#names.get(address)?.id ?? null;
  }

  isLive(id: string): boolean {
    const place = this.#places.get(id);
    return place !== undefined && this.#isLive(place);
  }

  #isLive(place: Place): boolean {
    return this.#monotonic() - place.seenAt < this.#silentMs;
  }

  #set(node: Named, address: string): void {
    this.#places.set(node.id, { address, seenAt: this.#monotonic() });
    this.#names.set(address, { id: node.id, name: node.name });
  }

  #alsoAt(node: Named, place: Place, address: string): UserError {
    return new UserError(
      "denied",
      `node "${node.name}" is at ${place.address} (seen ${this.#ago(place)} ago), and now somebody calls from ${address} with its certificate. A node has one address: if it has just moved, this works in ${this.#left(place)}. If not, its certificate was copied: revoke it on the storage node (swarmnfs server revoke ${node.name}) and let it join anew`,
    );
  }

  #taken(node: Named, other: Named, place: Place): UserError {
    return new UserError(
      "denied",
      `node "${node.name}" calls from ${place.address}, where node "${other.name}" is (seen ${this.#ago(place)} ago). Each node needs an address of its own: what is allowed to one would be open to the other. If it took over that address, this works in ${this.#left(place)}`,
    );
  }

  #ago(place: Place): string {
    return formatDuration(this.#monotonic() - place.seenAt);
  }

  #left(place: Place): string {
    return formatDuration(this.#silentMs - (this.#monotonic() - place.seenAt) + 999);
  }
}
