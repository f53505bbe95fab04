import { randomBytes } from "node:crypto";
import type { Answer } from "./docker-client.ts";
import type { FakeContainer, FakeEngine } from "./fake-engine.ts";
import type { PluginUnderTest } from "./plugin-under-test.ts";

export interface Wish {
  readonly name: string;
  readonly volumes: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly restartPolicy?: string;
  /** The image has files where the first volume goes: they are copied before the container is listed. */
  readonly copyUp?: boolean;
}

/** What Docker does when somebody types its commands: the calls a plugin gets, in their order, and its bookkeeping. */
export class FakeDaemon {
  readonly #plugin: PluginUnderTest;
  readonly #engine: FakeEngine;
  /** `metadata.db`: the names this daemon has met. */
  readonly known = new Set<string>();
  /** The mount ids of every container that has its volumes, by volume. */
  readonly #held = new Map<string, { volume: string; id: string }[]>();

  /** Ids whose Unmount was never delivered: Docker mounts with the same ones again. */
  readonly #lost = new Map<string, { volume: string; id: string }[]>();

  constructor(plugin: PluginUnderTest) {
    this.#plugin = plugin;
    this.#engine = plugin.engine;
  }

  call(verb: string, body: object = {}): Promise<Answer> {
    return this.#plugin.docker.call(verb, body);
  }

  /** Whether the plugin has it. Any error counts as no, and then Docker forgets the volume. */
  async get(name: string): Promise<boolean> {
    const { Err, Volume } = await this.call("Get", { Name: name });
    const has = (Err ?? "") === "" && Volume?.Name === name && isTime(Volume.CreatedAt);
    if (!has) this.known.delete(name);
    return has;
  }

  /** `docker volume create`: options reach the plugin only when it does not know the volume. */
  async create(
    name: string,
    options: Readonly<Record<string, string>> | null = null,
  ): Promise<void> {
    if (!(await this.get(name))) {
      await this.#succeed("Create", { Name: name, Opts: options });
    }
    this.known.add(name);
  }

  async volumes(): Promise<string[]> {
    const { Volumes } = await this.#succeed("List", {});
    return (Volumes ?? []).map(({ Name }) => Name);
  }

  async removeVolume(name: string): Promise<void> {
    if (!(await this.get(name)) || !(await this.get(name))) throw new Error("no such volume");
    await this.#succeed("Remove", { Name: name });
    this.known.delete(name);
  }

  /** `docker create`. */
  async prepare(wish: Wish): Promise<FakeContainer> {
    for (const volume of wish.volumes) await this.create(volume);
    const [first] = wish.volumes;
    if (wish.copyUp === true && first !== undefined) {
      const id = newId();
      await this.get(first);
      await this.#succeed("Mount", { Name: first, ID: id });
      await this.get(first);
      await this.#succeed("Unmount", { Name: first, ID: id });
    }
    return this.#engine.add(wish.name, {
      volumes: wish.volumes,
      labels: wish.labels ?? {},
      restartPolicy: wish.restartPolicy ?? "no",
    });
  }

  /** `docker start`, also of one that ran before: new ids each time. */
  async start(name: string): Promise<void> {
    const container = this.container(name);
    container.held = true;
    const held: { volume: string; id: string }[] = [];
    const lost = this.#lost.get(name) ?? [];
    this.#lost.delete(name);
    try {
      for (const [index, volume] of container.volumes.entries()) {
        if (!(await this.get(volume))) throw new Error(`get ${volume}: no such volume`);
        const id = lost[index]?.id ?? newId();
        const { Mountpoint } = await this.#succeed("Mount", { Name: volume, ID: id });
        held.push({ volume, id });
        // An empty one would give the container the plugin's own root file system.
        if (!Mountpoint) throw new Error(`the plugin's whole root file system for ${volume}`);
      }
      container.state = "running";
      container.error = "";
      this.#held.set(name, held);
    } catch (error) {
      container.error = error instanceof Error ? error.message : String(error);
      if (container.state === "restarting") container.state = "exited";
      // The one that failed gets no Unmount; those mounted before it do.
      for (const { volume, id } of held) await this.#unmount(volume, id);
      throw error;
    } finally {
      container.held = false;
    }
  }

  async run(wish: Wish): Promise<FakeContainer> {
    const container = await this.prepare(wish);
    await this.start(wish.name);
    return container;
  }

  /** `docker stop`, or the container's own end: it is still listed as running while its volumes are unmounted. */
  async stop(name: string, after = "exited"): Promise<void> {
    for (const { volume, id } of this.#held.get(name) ?? []) await this.#unmount(volume, id);
    this.#held.delete(name);
    this.container(name).state = after;
  }

  /** `docker cp`: on a running container with the ids it has, otherwise with new ones. */
  async copy(name: string): Promise<void> {
    const container = this.container(name);
    const held =
      this.#held.get(name) ?? container.volumes.map((volume) => ({ volume, id: newId() }));
    for (const { volume, id } of held) {
      await this.get(volume);
      await this.#succeed("Mount", { Name: volume, ID: id });
    }
    for (const { volume, id } of held) await this.#unmount(volume, id);
  }

  /** `docker rm`: the plugin hears nothing. */
  removeContainer(name: string): void {
    this.#lost.delete(name);
    this.#engine.containers.delete(this.container(name).id);
  }

  /** `kill -9` of dockerd without live-restore, or of the machine: containers die, and no Unmount ever comes. */
  die(): void {
    for (const [name, held] of this.#held) {
      this.#lost.set(name, held);
      this.container(name).state = "exited";
    }
    this.#held.clear();
  }

  /** dockerd's start: it asks for every volume, and for junk, and starts what is to run; nobody is answered before. */
  async boot(): Promise<void> {
    this.#engine.silent = true;
    await Promise.all(["", ...this.known].map((name) => this.get(name)));
    for (const { name, restartPolicy, state } of this.#engine.containers.values()) {
      if (restartPolicy !== "no" && state !== "running")
        await this.start(name).catch(() => undefined);
    }
    this.#engine.silent = false;
  }

  has(container: string): boolean {
    return this.#engine.containers.has(`id-${container}`);
  }

  container(name: string): FakeContainer {
    const container = this.#engine.containers.get(`id-${name}`);
    if (container === undefined) throw new Error(`no such container: ${name}`);
    return container;
  }

  /** The mount ids of the containers that run now, by volume. */
  holds(): ReadonlyMap<string, readonly string[]> {
    const holds = new Map<string, string[]>();
    for (const { volume, id } of [...this.#held.values()].flat())
      holds.set(volume, [...(holds.get(volume) ?? []), id]);
    return holds;
  }

  /** Docker can do nothing about an unmount that fails; if Get fails, it is not even sent. */
  async #unmount(volume: string, id: string): Promise<void> {
    const has = await this.get(volume).catch(() => false);
    if (has) await this.call("Unmount", { Name: volume, ID: id });
  }

  async #succeed(verb: string, body: object): Promise<Answer> {
    const answer = await this.call(verb, body);
    if ((answer.Err ?? "") !== "") throw new Error(answer.Err);
    return answer;
  }
}

/** Random, one per mount point and start. */
export function newId(): string {
  return randomBytes(32).toString("hex");
}

/** Go's time.RFC3339; anything else is a decoding error, which Docker reads as "no such volume". */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
}
