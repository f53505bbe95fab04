import { UserError } from "../../service/user-error.ts";
import type { RollCall } from "../../storage/records/roll-call.ts";
import type { Storage } from "../../storage/storage.ts";
import type { AnswerOf, BodyOf } from "../../storage/swarmnfs/protocol/routes.ts";
import type { Leases } from "../leases/leases.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import { identity } from "./volume-operations.ts";

/** A node asks all nodes to look at themselves, and hears what they say; nobody speaks for another. */
export class RollCalls {
  readonly #storage: Storage;
  readonly #leases: Pick<Leases, "announceChange" | "remove">;

  constructor(storage: Storage, leases: Pick<Leases, "announceChange" | "remove">) {
    this.#storage = storage;
    this.#leases = leases;
  }

  async call(node: LiveNode, body: BodyOf<"callRoll">): Promise<void> {
    const call = { ...body, node: node.name, nodeId: node.id };
    await this.#storage.callRoll?.(call, identity(node));
    // Every node looks at the catalog then, and sees it there.
    this.#leases.announceChange();
  }

  async answer(node: LiveNode, id: string, body: BodyOf<"answerRoll">): Promise<void> {
    const answer = { ...body, node: node.name, nodeId: node.id };
    await this.#storage.answerRoll?.(id, answer, identity(node));
  }

  async answers(node: LiveNode, id: string): Promise<AnswerOf<"rollAnswers">> {
    await this.#own(node, id);
    return { answers: [...((await this.#storage.rollAnswers?.(id)) ?? [])] };
  }

  async end(node: LiveNode, id: string): Promise<void> {
    const call = await this.#own(node, id);
    const by = identity(node);
    const end = async (): Promise<void> => this.#storage.endRoll?.(id, by);
    if (call?.volume === null || call === null) return end();
    try {
      await this.#leases.remove(call.volume, node, end);
    } catch (error) {
      // A node that was lost meanwhile still has it: the housekeeping goes on with that.
      if (!(error instanceof UserError) || error.code !== "in-use") throw error;
    }
    this.#leases.announceChange();
  }

  async #own(node: LiveNode, id: string): Promise<RollCall | null> {
    const { rollCalls = [] } = await this.#storage.list();
    const call = rollCalls.find((each) => each.id === id) ?? null;
    if (call === null || call.nodeId === node.id || node.role === "admin") return call;
    throw new UserError(
      "denied",
      `it is node "${call.node}" that asks, and this is "${node.name}"`,
    );
  }
}
