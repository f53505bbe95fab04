import { once } from "node:events";
import { createInterface } from "node:readline";
import { PassThrough, Readable } from "node:stream";
import Docker from "dockerode";
import { bounded } from "../../service/bounded.ts";
import { UserError } from "../../service/user-error.ts";
import { linkArchive } from "./link-archive.ts";
import type { OtherVolume, Side, TransferEngine, TransferJob } from "./transfer-engine.ts";

/** An image of nothing but symlinks: the programs are the plugin's own, bound into the container. */
const image = { repo: "swarmnfs/transfer", tag: "empty" } as const;
const label = "swarmnfs.transfer";
/** Milliseconds for what an engine does at once; a start mounts volumes, which may take 22 s. */
const quickMs = 20_000;
const startMs = 60_000;

/** The same through dockerode, for a managed plugin. */
export class DockerTransferEngine implements TransferEngine {
  readonly #docker: Docker;
  readonly #pluginId: string;
  readonly #links: Readonly<Record<string, string>>;

  /** `links` are the symlinks in the plugin's root: `lib64` to `usr/lib64`. */
  constructor(socketPath: string, pluginId: string, links: Readonly<Record<string, string>>) {
    this.#docker = new Docker({ socketPath });
    this.#pluginId = pluginId;
    this.#links = links;
  }

  async volume(name: string): Promise<OtherVolume | null> {
    try {
      const { Driver, Options } = await ask(this.#docker.getVolume(name).inspect());
      return { driver: Driver, options: Options ?? {} };
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  async usersOf(side: Side): Promise<readonly string[]> {
    const running = await ask(this.#docker.listContainers());
    return running
      .filter(({ Labels, Mounts }) => Labels[label] === undefined && Mounts.some(isOf(side)))
      .map(({ Names, Id }) => (Names[0] ?? Id).replace(/^\//, ""));
  }

  async run(job: TransferJob, hear: (line: string) => void, signal: AbortSignal): Promise<void> {
    await this.#remove(job.name);
    await this.#provideImage();
    const options = optionsOf(job, await this.#root());
    signal.throwIfAborted();
    const container = await ask(this.#docker.createContainer(options), startMs).catch(inWords);
    const stop = (): void => void this.#remove(job.name).catch(() => undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      await ask(container.start(), startMs).catch(inWords);
      await this.#listen(container, hear);
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener("abort", stop);
      await this.#remove(job.name);
    }
  }

  /** Settles when it said its last. */
  async #listen(container: Docker.Container, hear: (line: string) => void): Promise<void> {
    const logs = await ask(container.logs({ follow: true, stdout: true, stderr: true }));
    const [output, errors] = [new PassThrough(), new PassThrough()];
    errors.resume();
    container.modem.demuxStream(logs, output, errors);
    logs.once("close", () => output.end());
    logs.once("end", () => output.end());
    const lines = createInterface({ input: output, crlfDelay: Infinity });
    lines.on("line", hear);
    await once(lines, "close");
    await container.wait();
  }

  /** Where the plugin's own root directory lies on the host. */
  async #root(): Promise<string> {
    const { DockerRootDir } = (await ask(this.#docker.info())) as { DockerRootDir: string };
    return `${DockerRootDir}/plugins/${this.#pluginId}/rootfs`;
  }

  async #provideImage(): Promise<void> {
    try {
      await ask(this.#docker.getImage(`${image.repo}:${image.tag}`).inspect());
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      const archive = Readable.from([linkArchive(this.#links)]);
      const answer = await ask(this.#docker.importImage(archive, image));
      answer.resume();
      await once(answer, "end");
    }
  }

  /** Of ours alone. */
  async #remove(name: string): Promise<void> {
    try {
      const { Config } = await ask(this.#docker.getContainer(name).inspect());
      if (Config.Labels[label] !== name)
        throw new UserError(
          "conflict",
          `a container is called ${name}, which is the name of the one that copies. Remove it, or call it something else`,
        );
      await ask(this.#docker.getContainer(name).remove({ force: true, v: true }), startMs);
    } catch (error) {
      // 409: it is being removed already.
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
    }
  }
}

function optionsOf(
  { name, what, from, to }: TransferJob,
  root: string,
): Docker.ContainerCreateOptions {
  const ours = ["usr", "app"].map((folder) => ({
    Type: "bind" as const,
    Source: `${root}/${folder}`,
    Target: `/${folder}`,
    ReadOnly: true,
  }));
  return {
    name,
    Image: `${image.repo}:${image.tag}`,
    Entrypoint: ["/usr/local/bin/node"],
    Cmd: ["/app/transfer.mjs", "/from", "/to", what],
    Env: ["PATH=/usr/local/bin:/usr/sbin:/usr/bin"],
    Labels: { [label]: name },
    User: "0:0",
    WorkingDir: "/",
    HostConfig: {
      NetworkMode: "none",
      SecurityOpt: ["no-new-privileges", "label=disable"],
      RestartPolicy: { Name: "no" },
      // What it says is read from there, whatever the engine does with the logs of others.
      LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "2" } },
      Mounts: [...ours, mountOf(from, "/from", true), mountOf(to, "/to", false)],
    },
  };
}

function mountOf(side: Side, target: string, readOnly: boolean): Docker.MountSettings {
  if (side.kind === "path")
    return { Type: "bind", Source: side.path, Target: target, ReadOnly: readOnly };
  const { name, driver } = side;
  return {
    Type: "volume",
    Source: name,
    Target: target,
    ReadOnly: readOnly,
    VolumeOptions: {
      NoCopy: true,
      Labels: {},
      DriverConfig: { Name: driver, Options: {} },
    },
  };
}

/** Whether a mount of a container is of that volume, or of that directory, one above or one below it. */
function isOf(
  side: Side,
): (mount: { Name?: string | undefined; Source: string; Type: string }) => boolean {
  if (side.kind === "volume") return ({ Name }) => Name === side.name;
  return ({ Type, Source }) =>
    Type === "bind" && (isWithin(Source, side.path) || isWithin(side.path, Source));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

async function ask<T>(call: Promise<T>, boundMs = quickMs): Promise<T> {
  const late = (): Error =>
    new UserError("unavailable", `Docker has not answered within ${boundMs / 1000} s`);
  try {
    return await bounded(call, boundMs, late);
  } catch (error) {
    if (error instanceof UserError || statusOf(error) !== undefined) throw error;
    throw new UserError("unavailable", "Docker does not answer", { cause: error });
  }
}

/** What the engine says of why a container was not made or did not start; of what we told it, our own words. */
function inWords(error: unknown): never {
  if (error instanceof UserError || !(error instanceof Error)) throw error;
  const ours = /swarmnfs: (.*)/s.exec(error.message)?.[1];
  throw new UserError("unavailable", ours ?? `Docker says: ${error.message}`, { cause: error });
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}
