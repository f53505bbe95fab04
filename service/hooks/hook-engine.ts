/** A container that mounts a volume, as far as hooks care. */
export interface HookContainer {
  readonly id: string;
  readonly name: string;
  readonly isRunning: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Of a task: the service that would replace it when it is stopped. */
  readonly service: { readonly id: string; readonly name: string } | null;
}

/** The Docker Engine of this node, as narrow as hooks use it. Every call ends within a bound, and rejects with why. */
export interface HookEngine {
  /** Tells this engine from all others, also from one on a copy of its machine. */
  id(): Promise<string>;
  /** All that mount one of these volumes, running or not. */
  containersOf(volumes: readonly string[]): Promise<readonly HookContainer[]>;
  /** Runs a command by the container's own shell. Throws if it cannot be started or does not end in time. */
  run(container: string, command: string, signal: AbortSignal): Promise<CommandEnd>;
  /** All four: one that is as it should be already, or is gone, is fine. */
  pause(container: string): Promise<void>;
  unpause(container: string): Promise<void>;
  stop(container: string): Promise<void>;
  start(container: string): Promise<void>;
  /** How many tasks a service wants. Throws for one that has one on every node, and where this node is no manager. */
  replicas(service: string): Promise<number>;
  /** Settles when the service has so many, none at least; one that is gone is fine. */
  scale(service: string, replicas: number): Promise<void>;
}

export interface CommandEnd {
  readonly exitCode: number;
  /** The end of what it wrote. */
  readonly output: string;
}
