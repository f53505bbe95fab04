import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../../service/user-error.ts";
import type {
  Container,
  ContainerEnd,
  Engine,
  EngineIdentity,
  EngineNode,
  EngineService,
  EngineVolume,
} from "../../plugin/engine.ts";
import { guarded } from "./effects.ts";

/** A container as tests set it up. */
export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  /** Being started or created at this moment: inspecting it gives no answer. */
  held: boolean;
  restartPolicy: string;
  error: string;
}

/** A Docker Engine as the plugin sees it: containers in memory, and moods. */
export class FakeEngine {
  readonly containers = new Map<string, FakeContainer>();
  readonly known: EngineVolume[] = [];
  /** Null: this node is no manager. */
  services: EngineService[] | null = null;
  nodes: EngineNode[] | null = null;
  /** `start blog-1`, `stop blog-1`: what the plugin did. */
  readonly calls: string[] = [];
  swarmNode: string | null = null;
  /** True: it accepts connections and answers nothing, as while it starts. */
  silent = false;
  /** Milliseconds it needs to say who it is, and to list containers: whoever waits for less gets no answer. */
  identifyMs = 0;
  listMs = 0;
  /** Milliseconds after which it really answers everything but a ping. */
  slowMs = 0;
  /** It answers everything but a ping with this. */
  failure: Error | null = null;
  /** What comes before every answer. */
  onAsk: (method: string) => Promise<void> = async () => undefined;
  /** What starting a container does beyond noting it. */
  onStart: (name: string) => Promise<void> = async () => undefined;
  /** What stopping one does. */
  onStop: (name: string) => Promise<void> = async () => undefined;

  /** The plugin's side of it. */
  readonly api: Engine = guarded<Engine>(
    {
      ping: async () => undefined,
      identify: async (boundMs) => {
        if (this.identifyMs > boundMs) throw noAnswer();
        return this.#identity();
      },
      consumersOf: async (volume, boundMs) =>
        this.#listed(boundMs).filter((container) => container.volumes.includes(volume)),
      consumers: async (boundMs) =>
        this.#listed(boundMs).filter(({ volumes }) => volumes.length > 0),
      isHeld: async (id) => this.#one(id).held,
      end: async (id) => this.#end(id),
      start: async (id) => {
        this.calls.push(`start ${this.#one(id).name}`);
        await this.onStart(this.#one(id).name);
      },
      stop: async (id) => {
        this.calls.push(`stop ${this.#one(id).name}`);
        await this.onStop(this.#one(id).name);
        this.#one(id).state = "exited";
      },
      services: async () => this.services,
      nodes: async () => this.nodes,
      volumes: async () => this.known,
    },
    async (method) => {
      await this.onAsk(method);
      if (this.silent) throw noAnswer();
      if (method === "ping") return;
      if (this.slowMs > 0) await delay(this.slowMs);
      if (this.failure !== null) throw this.failure;
    },
  );

  add(name: string, given: Partial<Omit<FakeContainer, "name">> = {}): FakeContainer {
    const container: FakeContainer = {
      id: `id-${name}`,
      name,
      state: "created",
      labels: {},
      volumes: [],
      held: false,
      restartPolicy: "no",
      error: "",
      ...given,
    };
    this.containers.set(container.id, container);
    return container;
  }

  #identity(): EngineIdentity {
    return { driver: "swarmnfs", swarmNode: this.swarmNode };
  }

  #listed(boundMs: number): Container[] {
    if (this.listMs > boundMs) throw noAnswer();
    return [...this.containers.values()].map(({ id, name, state, labels, volumes }) => ({
      id,
      name,
      state,
      labels,
      volumes,
    }));
  }

  #end(id: string): ContainerEnd {
    const { restartPolicy, error } = this.#one(id);
    return { restartPolicy, error };
  }

  #one(id: string): FakeContainer {
    const container = this.containers.get(id);
    if (container === undefined) throw new Error(`the engine has no container ${id}`);
    return container;
  }
}

function noAnswer(): UserError {
  return new UserError("unavailable", "Docker does not answer on /run/docker.sock");
}
