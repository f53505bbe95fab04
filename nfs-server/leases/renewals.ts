import {
  type LeaseReply,
  leaseTermMs,
  longPollMs,
  type Renewal,
  type Renewed,
} from "../../storage/swarmnfs/protocol/lease.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import type { Shared } from "./shared.ts";

/** Renewals: what nodes have mounted, what they answer, and what is wanted of them. Nothing here is written to the disk. */
export class Renewals {
  readonly #shared: Shared;
  /** By node: what it was told to have lost, so that a node that does nothing about it does not call without a pause. */
  readonly #told = new Map<string, string>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** `node` is known to live, and admitted where it calls from. */
  async renew(node: LiveNode, renewal: Renewal, signal: AbortSignal): Promise<Renewed> {
    const { attendance, mailboxes } = this.#shared;
    if (attendance.fence(node.id) !== null) {
      if (!renewal.unfenced || renewal.signs.length > 0) return this.#answer(node, renewal);
      await this.#shared.nodes.run(node.id, () =>
        this.#shared.fencing.lift(node.id, node.name, "its own plugin"),
      );
    }
    this.#touch(node.id, renewal);
    for (const reply of renewal.replies) await this.#hear(node.id, reply);
    const lost = this.#lost(node.id, renewal).join();
    const isNews = lost !== "" && lost !== this.#told.get(node.id);
    if (!isNews) await mailboxes.of(node.id).wait(Math.min(renewal.waitMs, longPollMs), signal);
    return this.#answer(node, renewal);
  }

  #answer(node: LiveNode, renewal: Renewal): Renewed {
    const fenced = this.#shared.attendance.fence(node.id) !== null;
    const lost = this.#lost(node.id, renewal);
    this.#told.set(node.id, lost.join());
    const requests = fenced ? [] : this.#shared.mailboxes.of(node.id).take();
    return { termMs: leaseTermMs, fenced, lost, requests };
  }

  #touch(nodeId: string, { signs }: Renewal): void {
    const { table, terms, attendance } = this.#shared;
    attendance.renewed(nodeId);
    for (const { volume, consumers } of signs) {
      const held = table.get(volume, nodeId);
      if (held === null) continue;
      held.renewedAt = terms.now();
      held.consumers = consumers;
    }
  }

  #lost(nodeId: string, { signs }: Renewal): string[] {
    return signs
      .map(({ volume }) => volume)
      .filter((volume) => this.#shared.table.get(volume, nodeId) === null);
  }

  async #hear(nodeId: string, reply: LeaseReply): Promise<void> {
    const { mailboxes, nodes, table, grants } = this.#shared;
    const question = mailboxes.of(nodeId).questionOf(reply);
    if (question === null) return;
    const { volume, after } = question;
    const isReleased = await nodes.run(nodeId, async () => {
      const held = table.get(volume, nodeId);
      if (held === null) return true;
      // What it attached since it was asked, it has.
      if (reply.outcome !== "released" || held.attachedAs > after) return false;
      await grants.end(held, "it was given back to another node that asked");
      return true;
    });
    mailboxes
      .of(nodeId)
      .settle(
        volume,
        isReleased ? { released: true } : { released: false, consumers: reply.consumers },
      );
  }
}
