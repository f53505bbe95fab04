import { randomUUID } from "node:crypto";
import { UserError } from "../../service/user-error.ts";
import type { Holder, HookCall } from "../../storage/records/hook-call.ts";
import type { Catalog, NodeIdentity, Storage } from "../../storage/storage.ts";
import type { BodyOf } from "../../storage/swarmnfs/protocol/routes.ts";
import type { Leases } from "../leases/leases.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import { seenBy } from "./sight.ts";

/**
 * The backup service on this machine asks all nodes, by a file on the data disk, to do what containers ask for around a
 * backup. They are told of it as of a change of the catalog; nobody but who can write to the data disk can ask so.
 */
export class HookCalls {
  readonly #storage: Pick<Storage, "list" | "answerHook">;
  readonly #leases: Pick<Leases, "announceChange" | "list">;
  readonly #itself: NodeIdentity;
  readonly #life = randomUUID();
  /** What nodes were told of: `<id> <phase>`. */
  #told: ReadonlySet<string> = new Set();

  constructor(
    storage: Pick<Storage, "list" | "answerHook">,
    leases: Pick<Leases, "announceChange" | "list">,
    itself: NodeIdentity,
  ) {
    this.#storage = storage;
    this.#leases = leases;
    this.#itself = itself;
  }

  /** All calls there are now: tells the nodes, and says who of them has these volumes. */
  async hear(calls: readonly HookCall[]): Promise<void> {
    const now = new Set(calls.map(keyOf));
    const isSame = now.size === this.#told.size && [...now].every((key) => this.#told.has(key));
    const fresh = calls.filter((call) => call.phase === "pre" && !this.#told.has(keyOf(call)));
    if (!isSame) this.#leases.announceChange();
    const told = new Set([...now].filter((key) => !fresh.some((call) => keyOf(call) === key)));
    this.#told = told;
    // What could not be said is fresh the next time as well.
    for (const call of fresh) {
      await this.#nameHolders(call);
      told.add(keyOf(call));
    }
  }

  /** A node speaks for itself alone, and to calls that it may see. */
  async answer(node: LiveNode, id: string, body: BodyOf<"answerHook">): Promise<void> {
    const seen = hookCallsFor(node, await this.#storage.list());
    if (!seen.some((call) => call.id === id))
      throw new UserError("not-found", "nobody waits for this answer any more");
    await this.#storage.answerHook?.(id, { ...body, node: node.name, nodeId: node.id });
  }

  async #nameHolders({ id, volumes }: HookCall): Promise<void> {
    const names = new Set(volumes);
    const holders = new Map<string, Holder>();
    for (const { volume, state, node, nodeId } of this.#leases.list())
      if (names.has(volume) && state === "held") holders.set(nodeId, { node, nodeId });
    await this.#storage.answerHook?.(id, {
      schema: 1,
      node: this.#itself.name,
      nodeId: this.#itself.id,
      life: this.#life,
      state: "nothing",
      consistent: true,
      notes: [],
      holders: [...holders.values()],
    });
  }
}

/** Those that are about volumes which a node may see, and of these alone. */
export function hookCallsFor(node: LiveNode, catalog: Catalog): HookCall[] {
  const calls = catalog.hookCalls ?? [];
  if (calls.length === 0) return [];
  const visible = new Set(seenBy(node, catalog).volumes.map(({ name }) => name));
  const found: HookCall[] = [];
  for (const call of calls) {
    const volumes = call.volumes.filter((name) => visible.has(name));
    if (volumes.length > 0) found.push({ ...call, volumes });
  }
  return found;
}

function keyOf({ id, phase }: HookCall): string {
  return `${id} ${phase}`;
}
