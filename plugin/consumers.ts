import { UserError } from "../service/user-error.ts";
import type { Consumer } from "../storage/rules/access.ts";
import type { Container, Engine } from "./engine.ts";
import { messageOf } from "../service/message-of.ts";
import { SharedLook } from "./shared-look.ts";

/** What the engine says about who asks for a volume now. */
export type Callers =
  /** One of these asks; if there are several, it cannot be told which. */
  | { readonly kind: "candidates"; readonly consumers: readonly Consumer[] }
  /**
   * No container that could be starting: the engine is copying an image's files into a volume before it lists the new
   * container (Docker 23 and later), or serves `docker cp`.
   */
  | { readonly kind: "nobody"; readonly running: readonly Consumer[] }
  /** The engine answers nothing at all, as while it starts. */
  | { readonly kind: "silent"; readonly reason: string }
  /** It answers, and yet it cannot be told who asks: it is too slow or broken (unavailable), or not ours (denied). */
  | { readonly kind: "unknown"; readonly error: UserError };

const listBoundMs = 900;
/** For all that an engine is asked which is there, and slow: it leaves time to mount. */
const patientBoundMs = 10_000;
const pingBoundMs = 250;
const probeBoundMs = 250;
/** A container in one of these states holds its volumes already. */
const holding = new Set(["running", "paused", "removing"]);

/** Finds out who asks for a volume: within about a second, unless the engine is slow. */
export class Consumers {
  readonly #engine: Engine;
  #swarmNode: string | null = null;
  #identified = false;
  /** Containers that start at once are many questions for an engine that has its hands full with starting them. */
  readonly #looks = new SharedLook((volume: string) => this.#callersOf(volume), listBoundMs);

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Learns who the engine is: the driver's name it knows us by, and its swarm node. */
  async identifyEngine(boundMs: number): Promise<void> {
    const { swarmNode } = await this.#engine.identify(boundMs);
    this.#swarmNode = swarmNode;
    this.#identified = true;
  }

  /** Who asks for it now. An engine that does not even answer a ping is told as silent, within about a second. */
  callersOf(volume: string): Promise<Callers> {
    return this.#looks.ask(volume);
  }

  /** The same where it helps nobody to know soon that the engine is silent. It may be only slow. */
  async callersInPatience(volume: string): Promise<Callers> {
    try {
      return await this.#askFor(volume, patientBoundMs);
    } catch (error) {
      if (isRefusal(error)) return { kind: "unknown", error };
      const reason = `who asks for it cannot be told, since Docker does not say which containers there are: ${messageOf(error)}. Look at: docker ps --all`;
      return { kind: "unknown", error: new UserError("unavailable", reason, { cause: error }) };
    }
  }

  async #callersOf(volume: string): Promise<Callers> {
    try {
      return await this.#askFor(volume, listBoundMs);
    } catch (error) {
      if (isRefusal(error)) return { kind: "unknown", error };
      // Only an engine that starts may be answered for by memory, not one that was slow for once.
      const isThere = await this.#engine.ping(pingBoundMs).then(
        () => true,
        () => false,
      );
      if (!isThere) return { kind: "silent", reason: messageOf(error) };
    }
    return this.callersInPatience(volume);
  }

  /** Everyone who holds this volume now. Rejects when the engine is silent. */
  async holdersOf(
    volume: string,
    boundMs: number,
  ): Promise<{ container: Container; consumer: Consumer }[]> {
    if (!this.#identified) await this.identifyEngine(boundMs);
    const containers = await this.#engine.consumersOf(volume, boundMs);
    return this.#holders(containers);
  }

  /** Whether a container was made with this volume and never ran, or is being made now. Rejects when it is silent. */
  async isCreatedWith(volume: string, boundMs: number): Promise<boolean> {
    const containers = await this.#engine.consumersOf(volume, boundMs);
    return containers.some(({ state }) => state === "created");
  }

  /** By volume: everyone who holds it now. Learns anew who the engine is, if it says so. Rejects when it is silent. */
  async holders(boundMs: number): Promise<Map<string, Consumer[]>> {
    await this.identifyEngine(boundMs).catch((error: unknown) => {
      // On a big host this takes longer than the list, and what is known is seldom wrong.
      if (!this.#identified || isRefusal(error)) throw error;
    });
    const byVolume = new Map<string, Consumer[]>();
    for (const { container, consumer } of this.#holders(await this.#engine.consumers(boundMs))) {
      for (const volume of container.volumes)
        byVolume.set(volume, [...(byVolume.get(volume) ?? []), consumer]);
    }
    return byVolume;
  }

  #holders(containers: readonly Container[]): { container: Container; consumer: Consumer }[] {
    return containers
      .filter(({ state }) => holding.has(state) || state === "restarting")
      .map((container) => ({ container, consumer: consumerOf(container, this.#swarmNode) }));
  }

  /** `boundMs` is for all of it. */
  async #askFor(volume: string, boundMs: number): Promise<Callers> {
    const until = performance.now() + boundMs;
    const left = (): number => Math.max(1, until - performance.now());
    if (!this.#identified) await this.identifyEngine(left());
    return this.#narrow(await this.#engine.consumersOf(volume, left()), left);
  }

  async #narrow(containers: readonly Container[], left: () => number): Promise<Callers> {
    const swarmMoved = containers.some(({ labels }) => {
      const node = labels["com.docker.swarm.node.id"];
      return node !== undefined && node !== this.#swarmNode;
    });
    // The node may have joined or left a swarm since we asked; the engine's word now decides.
    if (swarmMoved) await this.identifyEngine(left());

    const starting = containers.filter(({ state }) => !holding.has(state) && state !== "dead");
    if (starting.length === 0) {
      return {
        kind: "nobody",
        running: containers.map((container) => consumerOf(container, this.#swarmNode)),
      };
    }
    const likely = starting.length === 1 ? starting : await this.#held(starting);
    return {
      kind: "candidates",
      consumers: (likely.length > 0 ? likely : starting).map((container) =>
        consumerOf(container, this.#swarmNode),
      ),
    };
  }

  /** Of several stopped containers, those whose inspect gives no answer are being started at this moment. */
  async #held(containers: readonly Container[]): Promise<Container[]> {
    const held = await Promise.all(
      containers.map(({ id }) => this.#engine.isHeld(id, probeBoundMs)),
    );
    return containers.filter((_, index) => held[index]);
  }
}

/** The engine answered that it is not the one that runs us. */
function isRefusal(error: unknown): error is UserError {
  return error instanceof UserError && error.code === "denied";
}

/**
 * Who a container is, by its labels, as far as they agree with what cannot be chosen freely. Swarm's labels count only
 * on the node and under the name that swarm gives its task. Compose's count only on containers: images built by compose
 * carry its project label as well, but no container number (which `docker-compose run` of compose 1 leaves out) and
 * never say whether they were made by `run`.
 */
export function consumerOf(container: Container, swarmNode: string | null): Consumer {
  const { labels, name } = container;
  const forged = (reason: string): Consumer => ({ kind: "forged", reason, container: name });
  const project = labels["com.docker.compose.project"];
  const isCompose =
    project !== undefined &&
    ["container-number", "oneoff"].some(
      (label) => labels[`com.docker.compose.${label}`] !== undefined,
    );
  const stack = labels["com.docker.stack.namespace"] ?? null;

  if (
    stack !== null ||
    Object.keys(labels).some((label) => label.startsWith("com.docker.swarm."))
  ) {
    const service = labels["com.docker.swarm.service.name"];
    const task = labels["com.docker.swarm.task.name"];
    if (isCompose) return forged("they name a compose project and a swarm service at once");
    if (service === undefined || task === undefined)
      return forged("they speak of swarm, but name no task");
    if (swarmNode === null)
      return forged(`they name swarm service "${service}", but this engine is in no swarm`);
    if (labels["com.docker.swarm.node.id"] !== swarmNode) {
      return forged(`they name swarm service "${service}" on another node than this`);
    }
    if (name !== task || !task.startsWith(`${service}.`)) {
      return forged(
        `they name task "${task}" of swarm service "${service}", but a task's container has its name`,
      );
    }
    if (stack !== null && !service.startsWith(`${stack}_`)) {
      return forged(`they name stack "${stack}", to which service "${service}" does not belong`);
    }
    return { kind: "service", service, stack, container: name };
  }
  if (isCompose) {
    return {
      kind: "compose",
      project,
      service: labels["com.docker.compose.service"] ?? "",
      container: name,
    };
  }
  return { kind: "container", container: name };
}
