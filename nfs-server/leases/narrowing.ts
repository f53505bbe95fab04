import { UserError } from "../../service/user-error.ts";
import { conditionOf, rivalOf } from "./condition.ts";
import type { LeaseRecord } from "./lease-file.ts";
import type { Held } from "./lease-table.ts";
import type { Shared } from "./shared.ts";
import { isAsked, refusalBy, type Rival } from "./takeover.ts";

/** Rules of volumes that become narrower. */
export interface Narrower {
  /** Those that the rules are about. */
  readonly volumes: readonly string[];
  /** Whether a node may keep its lease by the new rules. */
  readonly mayStay: (
    lease: Pick<LeaseRecord, "volume" | "nodeId" | "node" | "address" | "isReader">,
  ) => boolean;
  /** For the audit line. */
  readonly because: string;
}

/** Takes leases from nodes that may not have their volumes any more, by the rules of a takeover (contracts §6). */
export class Narrowing {
  readonly #shared: Shared;
  readonly #askBoundMs: number;

  constructor(shared: Shared, askBoundMs: number) {
    this.#shared = shared;
    this.#askBoundMs = askBoundMs;
  }

  /**
   * `work` writes the new rules down. Exclusive volumes are asked back before: throws `in-use`, and changes nothing, while
   * one is used. What is left is taken away after, so that no node can come by it again.
   */
  async narrow<T>(narrower: Narrower, work: () => Promise<T>): Promise<T> {
    await this.#askBack(narrower);
    const result = await work();
    await this.takeAway(narrower);
    return result;
  }

  /** For rules that are narrower already. */
  async takeAway(narrower: Narrower): Promise<void> {
    const { volumes, nodes } = this.#shared;
    for (const volume of narrower.volumes) {
      // Who was about to get it by the former rules has it by then.
      await volumes.run(volume, async () => {
        for (const held of this.#losing([volume], narrower))
          await nodes.run(held.record.nodeId, () => this.#take(held, narrower.because));
      });
    }
  }

  #losing(volumes: readonly string[], { mayStay }: Narrower): readonly Held[] {
    const { table } = this.#shared;
    return volumes.flatMap((volume) =>
      table.ofVolume(volume).filter((held) => !mayStay(held.record)),
    );
  }

  async #askBack(narrower: Narrower): Promise<void> {
    const losing = this.#losing(narrower.volumes, narrower).filter(
      ({ record }) => record.exclusive,
    );
    for (const held of losing) refuse(held, rivalOf(this.#shared, held, "not asked"));
    await Promise.all(losing.map((held) => this.#ask(held)));
  }

  async #ask(held: Held): Promise<void> {
    const { mailboxes, table } = this.#shared;
    const { nodeId, volume } = held.record;
    if (!isAsked(rivalOf(this.#shared, held, "not asked"))) return;
    const reply = await mailboxes.of(nodeId).ask(volume, table.attachments, this.#askBoundMs);
    if (reply?.released === true || table.get(volume, nodeId) !== held) return;
    const answer = reply === null ? "none" : { inUseBy: reply.consumers };
    refuse(held, rivalOf(this.#shared, held, answer));
  }

  async #take(held: Held, because: string): Promise<void> {
    const { table, grants, fencing } = this.#shared;
    const { nodeId, node, volume, exclusive } = held.record;
    if (table.get(volume, nodeId) !== held) return;
    // Not mounted there any more: no lock of it can block whoever comes next.
    if (!exclusive || conditionOf(this.#shared, held) === "lapsed") await grants.end(held, because);
    else await fencing.fence(nodeId, node, `${because}, and it had "${volume}" alone`);
  }
}

function refuse({ record: { volume } }: Held, rival: Rival): void {
  const reason = refusalBy(rival, volume, "is used by one node alone");
  if (reason !== null) throw new UserError("in-use", `${reason}. Nothing was changed`);
}
