/** What the engine says about a container, as far as a volume plugin cares. */
export interface Container {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** `created`, `running`, `paused`, `restarting`, `exited`, `dead`, `removing`. */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the volumes it uses from our driver. */
  readonly volumes: readonly string[];
}

/** Who this engine is. */
export interface EngineIdentity {
  /** The name under which it knows us: what stands behind `-d`. */
  readonly driver: string;
  /** Its swarm node id, or null outside a swarm. */
  readonly swarmNode: string | null;
}

/** Why a container is not running and whether the engine was meant to keep it running. */
export interface ContainerEnd {
  readonly restartPolicy: string;
  readonly error: string;
}

/** A volume as this engine remembers it. */
export interface EngineVolume {
  readonly name: string;
  /** What it was asked for here; null when it was made elsewhere. */
  readonly options: Readonly<Record<string, string>> | null;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A service of the swarm, and the names of the volumes it mounts. */
export interface EngineService {
  readonly name: string;
  readonly volumes: readonly string[];
}

/** A node of the swarm, as its managers know it. */
export interface EngineNode {
  readonly id: string;
  /** Its host name. */
  readonly name: string;
  /** `ready`, `down`, `disconnected`, `unknown`. */
  readonly state: string;
  /** `active`, `pause`, `drain`. */
  readonly availability: string;
  /** Whether its engine has a volume plugin of our name, enabled. */
  readonly hasPlugin: boolean;
}

/**
 * The Docker Engine that runs us, as narrow as we use it. Every call is bounded by `boundMs` milliseconds and rejects
 * with `UserError` (unavailable) when the engine is silent: while dockerd starts it accepts connections and answers
 * nothing until all volumes were asked for.
 *
 * Safe inside every plugin request are only lock-free calls: the container list, and inspecting *other* containers.
 */
export interface Engine {
  /** Settles if it answers anything at all, which costs it next to nothing. */
  ping(boundMs: number): Promise<void>;
  /** Rejects with `UserError` (denied) when it answers and is not the engine that runs us. */
  identify(boundMs: number): Promise<EngineIdentity>;
  /** Containers in any state that use `volume` through our driver. */
  consumersOf(volume: string, boundMs: number): Promise<Container[]>;
  /** All containers that use any volume of our driver. */
  consumers(boundMs: number): Promise<Container[]>;
  /**
   * True if inspecting the container gives no answer within `boundMs`, or says it does not exist although it is listed:
   * so it looks while the engine is just starting or creating it.
   */
  isHeld(container: string, boundMs: number): Promise<boolean>;
  end(container: string, boundMs: number): Promise<ContainerEnd>;
  start(container: string, boundMs: number): Promise<void>;
  stop(container: string, boundMs: number): Promise<void>;
  /** All services of the swarm that mount volumes of whatever driver; null: only its managers know. */
  services(boundMs: number): Promise<EngineService[] | null>;
  /** All nodes of the swarm; null: only its managers know. */
  nodes(boundMs: number): Promise<EngineNode[] | null>;
  /** Must never be called while answering Get, List, Create or Remove: it asks us back. */
  volumes(boundMs: number): Promise<EngineVolume[]>;
}
