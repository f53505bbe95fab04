import { Mailbox } from "./mailbox.ts";

/** What the server wants of each node. */
export class Mailboxes {
  readonly #byNode = new Map<string, Mailbox>();

  of(nodeId: string): Mailbox {
    const known = this.#byNode.get(nodeId);
    if (known !== undefined) return known;
    const made = new Mailbox();
    this.#byNode.set(nodeId, made);
    return made;
  }

  announceChange(): void {
    for (const mailbox of this.#byNode.values()) mailbox.announceChange();
  }

  /** Ends every wait. */
  wake(): void {
    for (const mailbox of this.#byNode.values()) mailbox.wake();
  }
}
