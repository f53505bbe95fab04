import { randomUUID } from "node:crypto";
import type { Machine } from "../../lab/machine.ts";
import type { TlsIdentity } from "../../storage/swarmnfs/endpoint.ts";
import type { ParamsOf } from "../../storage/swarmnfs/protocol/params.ts";
import type { AnswerOf, BodyOf, RouteName } from "../../storage/swarmnfs/protocol/routes.ts";
import type { NodeErrand, NodeOutcome } from "./bare-node/errand.ts";
import { nodeThere } from "../../lab/program.ts";
import { runThere } from "./program.ts";
import type { StorageNode } from "./storage-node.ts";

/** A node that joins a storage node from a machine of the lab without a plugin, so that it can be as bad as it likes. */
export class BareNode {
  readonly id = randomUUID();
  readonly name: string;
  readonly machine: Machine;
  /** Where it calls from: not where the machine's plugin does, for one node has one address. */
  readonly address: string;
  readonly #server: string;
  readonly #inside: string;
  #identity: TlsIdentity | null = null;

  /** `inside` goes in front of what it runs, where its address is in a network of its own. */
  constructor(name: string, machine: Machine, address: string, storage: StorageNode, inside = "") {
    this.name = name;
    this.machine = machine;
    this.address = address;
    this.#server = storage.machine.plan.address;
    this.#inside = inside;
  }

  /** What it proves itself by; anybody who has it can be it. */
  get identity(): TlsIdentity {
    if (this.#identity === null) throw new Error(`${this.name} has not joined`);
    return this.#identity;
  }

  /** Returns why it was refused, or null; it has an identity then. `name`: as whom. */
  async join(token: string, name = this.name): Promise<string | null> {
    const outcome = await this.#send({ kind: "join", ...this.#places, token, id: this.id, name });
    if ("refused" in outcome) return outcome.refused;
    this.#identity = outcome.answer as TlsIdentity;
    return null;
  }

  /** Asks one route; throws if it is refused. */
  async ask<Name extends RouteName>(
    route: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
  ): Promise<AnswerOf<Name>> {
    const outcome = await this.try(route, params, body);
    if ("refused" in outcome) throw new Error(`${this.name}: ${route}: ${outcome.refused}`);
    return outcome.answer as AnswerOf<Name>;
  }

  /** The same; returns how it ended. It can be tried with the identity of somebody else. */
  try<Name extends RouteName>(
    route: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
    identity = this.identity,
  ): Promise<NodeOutcome> {
    return this.#send({ kind: "call", ...this.#places, identity, route, params, body });
  }

  get #places(): { server: string; from: string } {
    return { server: this.#server, from: this.address };
  }

  async #send(errand: NodeErrand): Promise<NodeOutcome> {
    return (await runThere(
      this.machine,
      "bare-node/main",
      errand,
      `${this.#inside} ${nodeThere}`.trim(),
    )) as NodeOutcome;
  }
}
