import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { UserError } from "../user-error.ts";
import type { CommandEnd, HookContainer, HookEngine } from "./hook-engine.ts";

/** Milliseconds: for a question, for a command of people's own, and for the last task of a service. */
const askMs = 20_000;
const commandMs = 15 * 60_000;
const scaleMs = 120_000;
/** Seconds that a container has to say goodbye. */
const stopSeconds = 60;
const mostOutput = 4000;

/** The engine behind a unix socket, through dockerode. */
export class DockerHookEngine implements HookEngine {
  readonly #docker: Docker;
  readonly #askMs: number;

  /** `questionMs`: for how long a question is waited for, milliseconds. */
  constructor(socketPath: string, questionMs = askMs) {
    this.#docker = new Docker({ socketPath });
    this.#askMs = questionMs;
  }

  async id(): Promise<string> {
    // dockerode says neither that it takes a signal nor what it answers.
    const docker = this.#docker as unknown as { info(options: object): Promise<EngineFacts> };
    const info = await docker.info({ abortSignal: bound(this.#askMs) });
    // Copies of a machine may have the same id; they have other names.
    return [info.ID, info.Name, info.Swarm?.NodeID].join(" ");
  }

  async containersOf(volumes: readonly string[]): Promise<readonly HookContainer[]> {
    const listed = await this.#docker.listContainers({
      all: true,
      abortSignal: bound(this.#askMs),
    });
    const wanted = new Set(volumes);
    return listed
      .filter(({ Mounts: mounts }) =>
        mounts.some(
          ({ Name: name, Driver: driver }) => driver !== "local" && wanted.has(name ?? ""),
        ),
      )
      .map(({ Id: id, Names: names, State: state, Labels: labels }) => {
        const service = labels["com.docker.swarm.service.id"];
        return {
          id,
          name: (names[0] ?? id).replace(/^\//, ""),
          isRunning: state === "running",
          labels,
          service:
            service === undefined
              ? null
              : { id: service, name: labels["com.docker.swarm.service.name"] ?? service },
        };
      });
  }

  async run(container: string, command: string, signal: AbortSignal): Promise<CommandEnd> {
    const limit = AbortSignal.any([signal, bound(commandMs)]);
    const exec = await this.#docker.getContainer(container).exec({
      Cmd: ["sh", "-c", command],
      AttachStdout: true,
      AttachStderr: true,
      abortSignal: limit,
    });
    const stream = await exec.start({ abortSignal: limit });
    let output = "";
    const sink = new PassThrough().on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-mostOutput);
    });
    this.#docker.modem.demuxStream(stream, sink, sink);
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        stream.destroy();
        reject(new Error("it did not end in time"));
      };
      limit.addEventListener("abort", stop, { once: true });
      stream.once("error", reject);
      stream.once("close", () => {
        limit.removeEventListener("abort", stop);
        resolve();
      });
      stream.once("end", () => {
        limit.removeEventListener("abort", stop);
        resolve();
      });
    });
    const { ExitCode: exitCode } = await exec.inspect({ abortSignal: bound(this.#askMs) });
    return { exitCode: exitCode ?? -1, output };
  }

  async pause(id: string): Promise<void> {
    const container = this.#docker.getContainer(id);
    await container.pause({ abortSignal: bound(this.#askMs) });
  }

  async unpause(id: string): Promise<void> {
    const container = this.#docker.getContainer(id);
    const state = await this.#state(id);
    if (state === "paused") await container.unpause({ abortSignal: bound(this.#askMs) });
  }

  async stop(id: string): Promise<void> {
    const container = this.#docker.getContainer(id);
    const abortSignal = bound(this.#askMs + stopSeconds * 1000);
    await unless(304, container.stop({ t: stopSeconds, abortSignal }));
  }

  async start(id: string): Promise<void> {
    const state = await this.#state(id);
    if (state === null || state === "running") return;
    await unless(304, this.#docker.getContainer(id).start({ abortSignal: bound(scaleMs) }));
  }

  async replicas(id: string): Promise<number> {
    const { spec } = await this.#service(id);
    const wanted = spec.Mode?.Replicated?.Replicas;
    if (wanted !== undefined) return wanted;
    throw new UserError(
      "unsupported",
      "its service has a task on every node and cannot be scaled down. Use swarmnfs.backup.pause=true instead",
    );
  }

  async scale(id: string, replicas: number): Promise<void> {
    const found = await this.#service(id).catch(ifGone);
    if (found === null) return;
    const { spec, version } = found;
    const changed = { ...spec, version, Mode: { Replicated: { Replicas: replicas } } };
    await this.#docker.getService(id).update({ ...changed, abortSignal: bound(this.#askMs) });
    const until = performance.now() + scaleMs;
    if (replicas > 0) return;
    while ((await this.#tasks(id)) > 0) {
      if (performance.now() > until) throw new Error("its tasks did not end within 2 min");
      await sleep(500);
    }
  }

  /** Null: it is gone. */
  async #state(id: string): Promise<string | null> {
    try {
      const container = this.#docker.getContainer(id);
      return (await container.inspect({ abortSignal: bound(this.#askMs) })).State.Status;
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  async #service(id: string): Promise<{ readonly spec: ServiceSpec; readonly version: number }> {
    try {
      // dockerode says neither that it takes a signal nor what it answers.
      const service = this.#docker.getService(id) as unknown as {
        inspect(options: object): Promise<{
          readonly Spec: ServiceSpec;
          readonly Version: { readonly Index: number };
        }>;
      };
      const found = await service.inspect({ abortSignal: bound(this.#askMs) });
      return { spec: found.Spec, version: found.Version.Index };
    } catch (error) {
      if (statusOf(error) !== 503) throw error;
      throw new UserError(
        "unsupported",
        "this node is no manager of the swarm, and only managers can scale services. Use swarmnfs.backup.pause=true instead",
        { cause: error },
      );
    }
  }

  async #tasks(service: string): Promise<number> {
    const label = [`com.docker.swarm.service.id=${service}`];
    const listed = await this.#docker.listContainers({
      filters: { label },
      abortSignal: bound(this.#askMs),
    });
    return listed.length;
  }
}

interface EngineFacts {
  readonly ID?: string;
  readonly Name?: string;
  readonly Swarm?: { readonly NodeID?: string };
}

interface ServiceSpec {
  readonly Mode?: { readonly Replicated?: { readonly Replicas?: number } };
}

function bound(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}

/** What the engine answers with this status is as it should be already. */
async function unless(status: number, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (statusOf(error) !== status) throw error;
  }
}

/** What is gone needs nothing any more. */
function ifGone(error: unknown): null {
  if (statusOf(error) === 404) return null;
  throw error;
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}
