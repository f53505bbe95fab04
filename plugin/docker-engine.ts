import Docker from "dockerode";
import { UserError } from "../service/user-error.ts";
import type {
  Container,
  ContainerEnd,
  Engine,
  EngineIdentity,
  EngineNode,
  EngineService,
  EngineVolume,
} from "./engine.ts";

/** The engine behind a unix socket, through dockerode. */
export class DockerEngine implements Engine {
  readonly #docker: Docker;
  readonly #socketPath: string;
  /** Our own plugin id when we are a managed plugin. */
  readonly #pluginId: string | null;
  readonly #isManaged: boolean;
  #driver: string;

  /**
   * `pluginId` null: a plain process, known to the engine as `driver`. Otherwise the engine must list a plugin of that
   * id, which proves that it is the one that runs us. `isManaged` without an id: it could not be found out, so that
   * nobody can say by which name the engine knows us.
   */
  constructor(
    socketPath: string,
    pluginId: string | null,
    driver: string,
    isManaged = pluginId !== null,
  ) {
    this.#docker = new Docker({ socketPath });
    this.#socketPath = socketPath;
    this.#pluginId = pluginId;
    this.#isManaged = isManaged;
    this.#driver = driver;
  }

  async ping(boundMs: number): Promise<void> {
    try {
      await this.#ask(boundMs, (abortSignal) => pingOf(this.#docker, { abortSignal }));
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
    }
  }

  async identify(boundMs: number): Promise<EngineIdentity> {
    if (this.#isManaged && this.#pluginId === null) throw nameless();
    const info = await this.#ask(boundMs, (abortSignal) => infoOf(this.#docker, { abortSignal }));
    if (this.#pluginId !== null) this.#driver = await this.#nameOf(this.#pluginId, boundMs);
    return { driver: this.#driver, swarmNode: info.Swarm?.NodeID || null };
  }

  async consumersOf(volume: string, boundMs: number): Promise<Container[]> {
    const found = await this.#list({ volume: [volume] }, boundMs);
    // The filter also matches destinations and bind sources of that text.
    return found.filter((container) => container.volumes.includes(volume));
  }

  async consumers(boundMs: number): Promise<Container[]> {
    const found = await this.#list({}, boundMs);
    return found.filter((container) => container.volumes.length > 0);
  }

  async isHeld(container: string, boundMs: number): Promise<boolean> {
    try {
      await within(boundMs, (abortSignal) =>
        this.#docker.getContainer(container).inspect({ abortSignal }),
      );
      return false;
    } catch (error) {
      const status = statusOf(error);
      return status === undefined || status === 404;
    }
  }

  async end(container: string, boundMs: number): Promise<ContainerEnd> {
    const facts = await this.#ask(boundMs, (abortSignal) =>
      this.#docker.getContainer(container).inspect({ abortSignal }),
    );
    return {
      restartPolicy: facts.HostConfig.RestartPolicy?.Name ?? "",
      error: facts.State.Error,
    };
  }

  async start(container: string, boundMs: number): Promise<void> {
    await this.#ask(boundMs, (abortSignal) =>
      this.#docker.getContainer(container).start({ abortSignal }),
    );
  }

  async stop(container: string, boundMs: number): Promise<void> {
    // `t` is the container's own time to say goodbye, in seconds.
    await this.#ask(boundMs, (abortSignal) =>
      this.#docker.getContainer(container).stop({ t: 5, abortSignal }),
    );
  }

  async volumes(boundMs: number): Promise<EngineVolume[]> {
    const { Volumes } = await this.#ask(boundMs, (abortSignal) =>
      this.#docker.listVolumes({ abortSignal }),
    );
    return (Volumes ?? [])
      .filter((volume) => this.#isOurs(volume.Driver))
      .map(({ Name, Options, Labels }) => ({
        name: Name,
        options: Options ?? null,
        // Of a volume that was made elsewhere there are none, whatever its types say.
        labels: (Labels as Record<string, string> | null) ?? {},
      }));
  }

  async services(boundMs: number): Promise<EngineService[] | null> {
    try {
      const services = await this.#ask(boundMs, (abortSignal) =>
        this.#docker.listServices({ abortSignal }),
      );
      return services.flatMap(({ Spec }) => {
        const template = Spec?.TaskTemplate;
        const container =
          template !== undefined && "ContainerSpec" in template ? template.ContainerSpec : null;
        const volumes = (container?.Mounts ?? []).flatMap(({ Type, Source }) =>
          Type === "volume" && Source !== undefined ? [Source] : [],
        );
        return volumes.length === 0 ? [] : [{ name: Spec?.Name ?? "", volumes }];
      });
    } catch (error) {
      if (isNoManager(error)) return null;
      throw error;
    }
  }

  async nodes(boundMs: number): Promise<EngineNode[] | null> {
    try {
      const nodes = await this.#ask(boundMs, (abortSignal) =>
        nodesOf(this.#docker, { abortSignal }),
      );
      return nodes.map(({ ID, Spec, Status, Description }) => ({
        id: ID,
        name: Description?.Hostname ?? ID,
        state: Status?.State ?? "unknown",
        availability: Spec?.Availability ?? "active",
        hasPlugin: (Description?.Engine?.Plugins ?? []).some(
          ({ Type, Name }) => Type === "Volume" && this.#isOurs(Name ?? ""),
        ),
      }));
    } catch (error) {
      if (isNoManager(error)) return null;
      throw error;
    }
  }

  async #nameOf(pluginId: string, boundMs: number): Promise<string> {
    const plugins = await this.#ask(boundMs, (abortSignal) =>
      this.#docker.listPlugins({ abortSignal }),
    );
    const mine = plugins.find((plugin) => plugin.Id === pluginId);
    if (mine === undefined) {
      throw new UserError(
        "denied",
        `the engine behind ${this.#socketPath} does not run this plugin. Set SWARMNFS_DOCKER to the socket of the engine that does`,
      );
    }
    return withoutLatest(mine.Name);
  }

  async #list(filters: Record<string, string[]>, boundMs: number): Promise<Container[]> {
    const listed = await this.#ask(boundMs, (abortSignal) =>
      this.#docker.listContainers({ all: true, filters, abortSignal }),
    );
    return listed.map((container) => ({
      id: container.Id,
      name: (container.Names[0] ?? container.Id).replace(/^\//, ""),
      state: container.State,
      labels: container.Labels,
      volumes: container.Mounts.flatMap((mount) =>
        mount.Name !== undefined && this.#isOurs(mount.Driver ?? "") ? [mount.Name] : [],
      ),
    }));
  }

  #isOurs(driver: string): boolean {
    return withoutLatest(driver) === this.#driver;
  }

  async #ask<T>(boundMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await within(boundMs, call);
    } catch (error) {
      if (statusOf(error) !== undefined) throw error;
      throw new UserError("unavailable", `Docker does not answer on ${this.#socketPath}`, {
        cause: error,
      });
    }
  }
}

/**
 * Not by `AbortSignal.timeout`, which goes off although the answer is long there: what then hears of it and makes an error of
 * it costs as much as the question.
 */
async function within<T>(boundMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), boundMs);
  try {
    return await call(limit.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Under a name that is not ours no container would be known as ours, and everyone would pass for the engine itself. */
function nameless(): UserError {
  return new UserError(
    "denied",
    "the plugin cannot find out under which name Docker knows it, so it cannot tell who asks: the path behind its volumes (the mount at /mnt/volumes, in /proc/self/mountinfo) names no plugin. Install it with: docker plugin install. If that is how it was installed, please report it",
  );
}

/** dockerode's `info` takes options like every other call; its types do not say so, nor what it answers. */
function infoOf(
  docker: Docker,
  options: { readonly abortSignal: AbortSignal },
): Promise<{ readonly Swarm?: { readonly NodeID?: string } }> {
  type WithOptions = { info(options: object): Promise<{ Swarm?: { NodeID?: string } }> };
  return (docker as unknown as WithOptions).info(options);
}

/** The same for `ping`. */
async function pingOf(
  docker: Docker,
  options: { readonly abortSignal: AbortSignal },
): Promise<void> {
  type WithOptions = { ping(options: object): Promise<unknown> };
  await (docker as unknown as WithOptions).ping(options);
}

/** What managers know of nodes; dockerode's types do not say. */
interface ListedNode {
  readonly ID: string;
  readonly Spec?: { readonly Availability?: string };
  readonly Status?: { readonly State?: string };
  readonly Description?: {
    readonly Hostname?: string;
    readonly Engine?: {
      readonly Plugins?: readonly { readonly Type?: string; readonly Name?: string }[];
    };
  };
}

function nodesOf(
  docker: Docker,
  options: { readonly abortSignal: AbortSignal },
): Promise<readonly ListedNode[]> {
  type WithOptions = { listNodes(options: object): Promise<readonly ListedNode[]> };
  return (docker as unknown as WithOptions).listNodes(options);
}

/** A worker, or no swarm at all. */
function isNoManager(error: unknown): boolean {
  return statusOf(error) === 503 || statusOf(error) === 406;
}

/** The engine shows a plugin named without a tag as `name:latest`; both mean the same. */
function withoutLatest(name: string): string {
  return name.replace(/:latest$/, "");
}

/** The HTTP status the engine answered with, or undefined if it did not answer. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}
