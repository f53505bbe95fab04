import Docker from "dockerode";
import { bounded } from "../../service/bounded.ts";
import { UserError } from "../../service/user-error.ts";
import type { Ended, ThrowAway, Workplace } from "./throw-away.ts";

const image = "swarmnfs/bench:latest";
const label = "swarmnfs.bench";
/** Milliseconds for what an engine does at once; a start mounts volumes, which may take 22 s. */
const quickMs = 20_000;
const startMs = 60_000;

/** The same through dockerode. Safe only outside of requests of Docker's: it asks us back. */
export class DockerThrowAway implements ThrowAway {
  readonly #docker: Docker;
  readonly #node: string;
  readonly #driver: () => Promise<string>;

  /** `node` is the id by which this node's containers are known; `driver` is how the engine knows us. */
  constructor(socketPath: string, node: string, driver: () => Promise<string>) {
    this.#docker = new Docker({ socketPath });
    this.#node = node;
    this.#driver = driver;
  }

  async requireImage(): Promise<void> {
    try {
      await this.#ask(this.#docker.getImage(image).inspect());
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      throw new UserError(
        "not-found",
        `this node has no image ${image}, which holds what is measured with (fio). Build it where swarmnfs's sources are (make images), bring dist/bench/swarmnfs-bench.tar here, and: docker load --input swarmnfs-bench.tar`,
      );
    }
  }

  async run(
    name: string,
    words: readonly string[],
    place: Workplace,
    boundMs: number,
    signal: AbortSignal,
  ): Promise<Ended> {
    signal.throwIfAborted();
    const options = optionsOf(name, words, place, `${label}=${this.#node}`, await this.#driver());
    const container = await this.#ask(this.#docker.createContainer(options), startMs);
    const stop = (): void => void remove(container).catch(() => undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      signal.throwIfAborted();
      await this.#ask(container.start(), startMs);
      const ended = (await bounded(
        container.wait() as Promise<{ StatusCode: number }>,
        boundMs,
        () => tooSlow(boundMs),
      )) satisfies { StatusCode: number };
      signal.throwIfAborted();
      const said = separate(await this.#ask(container.logs({ stdout: true, stderr: true })));
      return { exitCode: ended.StatusCode, ...said };
    } catch (error) {
      signal.throwIfAborted();
      throw inWords(error);
    } finally {
      signal.removeEventListener("abort", stop);
      await this.#ask(remove(container), startMs).catch(unlessGone);
    }
  }

  async sweep(): Promise<void> {
    const filters = { label: [`${label}=${this.#node}`] };
    const left = await this.#ask(this.#docker.listContainers({ all: true, filters }));
    for (const { Id } of left)
      await this.#ask(remove(this.#docker.getContainer(Id)), startMs).catch(unlessGone);
  }

  async removeVolume(name: string): Promise<void> {
    await this.#ask(this.#docker.getVolume(name).remove(), startMs).catch(unlessGone);
  }

  async #ask<T>(call: Promise<T>, boundMs = quickMs): Promise<T> {
    const late = (): Error =>
      new UserError("unavailable", `Docker has not answered within ${boundMs / 1000} s`);
    try {
      return await bounded(call, boundMs, late);
    } catch (error) {
      if (error instanceof UserError || statusOf(error) !== undefined) throw error;
      throw new UserError("unavailable", "Docker does not answer", { cause: error });
    }
  }
}

function optionsOf(
  name: string,
  words: readonly string[],
  place: Workplace,
  mark: string,
  driver: string,
): Docker.ContainerCreateOptions {
  const [key = "", value = ""] = mark.split("=");
  const isVolume = place.kind === "volume";
  return {
    name,
    Image: image,
    Cmd: [...words],
    Labels: { [key]: value },
    User: isVolume ? `${place.uid}:${place.gid}` : "0:0",
    WorkingDir: "/",
    NetworkDisabled: true,
    HostConfig: {
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: 64,
      RestartPolicy: { Name: "no" },
      // What it says is read from there, whatever the engine does with the logs of others.
      LogConfig: { Type: "json-file", Config: {} },
      Mounts: [
        isVolume
          ? {
              Type: "volume",
              Source: place.name,
              Target: "/bench",
              VolumeOptions: {
                NoCopy: true,
                Labels: {},
                DriverConfig: { Name: driver, Options: {} },
              },
            }
          : ({ Type: "volume", Target: "/bench" } as Docker.MountSettings),
      ],
    },
  };
}

/** Anonymous volumes with it. */
async function remove(container: Docker.Container): Promise<void> {
  await container.remove({ force: true, v: true });
}

/** Without a terminal the engine puts a head of eight bytes before each piece: the stream, and how long it is. */
export function separate(logs: Buffer): { readonly output: string; readonly errors: string } {
  const pieces: { readonly stream: number; readonly text: Buffer }[] = [];
  for (let at = 0; at + 8 <= logs.length;) {
    const length = logs.readUInt32BE(at + 4);
    pieces.push({ stream: logs[at] ?? 1, text: logs.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  const textOf = (stream: number): string =>
    Buffer.concat(
      pieces.filter((each) => each.stream === stream).map(({ text }) => text),
    ).toString();
  return { output: textOf(1), errors: textOf(2) };
}

function tooSlow(boundMs: number): UserError {
  return new UserError(
    "unavailable",
    `it is too slow to be measured: one round has not ended within ${boundMs / 1000} s. Measure less: --quick, --profile. Why it is that slow: swarmnfs doctor`,
  );
}

/** What the engine says of why a container did not start; of what we told it, our own words. */
function inWords(error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const ours = /swarmnfs: (.*)/s.exec(error.message)?.[1];
  return new UserError("unavailable", ours ?? `Docker says: ${error.message}`, { cause: error });
}

function unlessGone(error: unknown): void {
  const status = statusOf(error);
  // 409: it is being removed already.
  if (status !== 404 && status !== 409) throw error;
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}
