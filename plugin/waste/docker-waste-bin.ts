import Docker from "dockerode";
import { UserError } from "../../service/user-error.ts";
import type { Waste } from "../../storage/verbs.ts";
import { type DiskUsage, diskUsageSchema } from "./disk-usage.ts";
import type { WasteBin } from "./waste-bin.ts";

/** Docker walks its volumes for that. */
const findMs = 50_000;
const quickMs = 10_000;
const removeMs = 40_000;
/** What has it is never removed. */
const keepLabel = "swarmnfs.keep";
/** Swarm keeps the containers of its tasks for as long as it wants their history, and removes them itself. */
const taskLabel = "com.docker.swarm.task.id";
const anonymous = /^[0-9a-f]{64}$/;

/** The same through dockerode. Nothing is ever forced: what Docker says is in use stays. */
export class DockerWasteBin implements WasteBin {
  readonly #docker: Docker;
  readonly #place: string;

  constructor(socketPath: string) {
    this.#docker = new Docker({ socketPath });
    this.#place = socketPath;
  }

  async find(before: string): Promise<readonly Waste[]> {
    const usage = diskUsageSchema.parse(
      await this.#ask(findMs, (abortSignal) => usageOf(this.#docker, { abortSignal })),
    );
    const old = before.localeCompare.bind(before);
    const stopped: Waste[] = [];
    for (const { Id, State, Created, SizeRw } of usage.Containers) {
      if (State === "running" || old(moment(Created)) <= 0) continue;
      const waste = await this.#container(Id, SizeRw ?? null).catch(ifGone);
      if (waste !== null) stopped.push(waste);
    }
    return [...stopped, ...images(usage), ...volumes(usage), ...buildCache(usage, before)].filter(
      ({ since, labels }) => old(since) > 0 && !Object.hasOwn(labels, keepLabel),
    );
  }

  async remove({ kind, id }: Pick<Waste, "kind" | "id">, before: string): Promise<void> {
    if (kind === "build-cache") return this.#prune(before);
    const now = await this.#lookAt(kind, id);
    if (now === null || now.since >= before)
      throw new UserError("in-use", "it is used or named again");
    if (Object.hasOwn(now.labels, keepLabel))
      throw new UserError("denied", `it has the label ${keepLabel}`);
    await this.#ask(removeMs, async (abortSignal): Promise<void> => {
      if (kind === "container") await this.#docker.getContainer(id).remove({ abortSignal });
      else if (kind === "image") await this.#docker.getImage(id).remove({ abortSignal });
      else await this.#docker.getVolume(id).remove({ abortSignal });
    });
  }

  async #lookAt(kind: Exclude<Waste["kind"], "build-cache">, id: string): Promise<Waste | null> {
    if (kind === "container") return this.#container(id, null);
    return kind === "image" ? this.#image(id) : this.#volume(id);
  }

  /** A container that has ended and is not meant to run again; null for any other. */
  async #container(id: string, bytes: number | null): Promise<Waste | null> {
    const { Name, State, Config, HostConfig, Created } = await this.#ask(quickMs, (abortSignal) =>
      this.#docker.getContainer(id).inspect({ abortSignal }),
    );
    const labels = Config.Labels ?? {};
    const isOver = ["created", "exited", "dead"].includes(State.Status);
    const restarts = !["", "no"].includes(HostConfig.RestartPolicy?.Name ?? "");
    if (!isOver || restarts || Object.hasOwn(labels, taskLabel)) return null;
    const ended = Date.parse(State.FinishedAt) > 0 ? State.FinishedAt : Created;
    const name = Name.replace(/^\//, "");
    return { kind: "container", id, name, bytes, since: seconds(ended), labels };
  }

  /** An image without a name; null for any other. */
  async #image(id: string): Promise<Waste | null> {
    const image = await this.#ask(quickMs, (abortSignal) =>
      imageOf(this.#docker, id, { abortSignal }),
    );
    if (isNamed(image)) return null;
    const labels = image.Config?.Labels ?? {};
    return {
      kind: "image",
      id,
      name: short(id),
      bytes: null,
      since: seconds(image.Created),
      labels,
    };
  }

  async #volume(id: string): Promise<Waste | null> {
    const volume = await this.#ask(quickMs, (abortSignal) =>
      this.#docker.getVolume(id).inspect({ abortSignal }),
    );
    if (volume.Driver !== "local" || !anonymous.test(volume.Name)) return null;
    const { CreatedAt } = volume as { CreatedAt?: string };
    const since = seconds(CreatedAt ?? "");
    // Docker says null for none.
    const labels = (volume.Labels as Record<string, string> | null) ?? {};
    return { kind: "volume", id, name: short(id), bytes: null, since, labels };
  }

  /** dockerode's own call for that cannot say how old. */
  async #prune(before: string): Promise<void> {
    const until = `${Math.ceil((Date.now() - Date.parse(before)) / 1000)}s`;
    await this.#ask(
      removeMs,
      (abortSignal) =>
        new Promise<void>((resolve, reject) => {
          const options = {
            path: "/build/prune?",
            method: "POST",
            options: { all: true, filters: JSON.stringify({ until: [until] }) },
            abortSignal,
            statusCodes: { 200: true, 500: "server error" },
          };
          this.#docker.modem.dial(options, (error: unknown) => {
            if (error instanceof Error) reject(error);
            else resolve();
          });
        }),
    );
  }

  async #ask<T>(boundMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await call(AbortSignal.timeout(boundMs));
    } catch (error) {
      const { statusCode, json } = error as { statusCode?: number; json?: { message?: string } };
      if (statusCode === 404) throw new UserError("not-found", "it is gone already");
      if (statusCode === 409)
        throw new UserError("in-use", `Docker keeps it: ${json?.message ?? "it is in use"}`);
      if (statusCode !== undefined) throw error;
      throw new UserError(
        "unavailable",
        `Docker does not answer on ${this.#place} (${boundMs / 1000} s are waited at most). Try again when it is less busy`,
        { cause: error },
      );
    }
  }
}

function images({ Images }: DiskUsage): Waste[] {
  return Images.filter((image) => !isNamed(image)).map(
    ({ Id, Size, SharedSize = 0, Created, Labels }) => ({
      kind: "image",
      id: Id,
      name: short(Id),
      bytes: Math.max(0, Size - Math.max(0, SharedSize)),
      since: moment(Created),
      labels: Labels,
    }),
  );
}

function volumes({ Volumes }: DiskUsage): Waste[] {
  return Volumes.filter(
    ({ Name, Driver, UsageData }) =>
      Driver === "local" && anonymous.test(Name) && UsageData?.RefCount === 0,
  ).map(({ Name, CreatedAt, Labels, UsageData }) => ({
    kind: "volume",
    id: Name,
    name: short(Name),
    bytes: Math.max(0, UsageData?.Size ?? 0),
    since: seconds(CreatedAt ?? ""),
    labels: Labels,
  }));
}

/** All of it as one: nobody knows the parts. */
function buildCache({ BuildCache }: DiskUsage, before: string): Waste[] {
  const old = BuildCache.filter(
    ({ InUse, LastUsedAt, CreatedAt }) => !InUse && seconds(LastUsedAt ?? CreatedAt) < before,
  );
  const last = old.map(({ LastUsedAt, CreatedAt }) => seconds(LastUsedAt ?? CreatedAt)).toSorted();
  const since = last.at(-1);
  if (since === undefined) return [];
  const bytes = old.reduce((sum, { Size }) => sum + Size, 0);
  const name = `${old.length} steps`;
  return [{ kind: "build-cache", id: "build-cache", name, bytes, since, labels: {} }];
}

interface Names {
  readonly RepoTags?: readonly string[] | null | undefined;
  readonly RepoDigests?: readonly string[] | null | undefined;
}

/** Engines before 25 write `<none>` where there is no name. */
function isNamed({ RepoTags, RepoDigests }: Names): boolean {
  return [...(RepoTags ?? []), ...(RepoDigests ?? [])].some((name) => !name.startsWith("<none>"));
}

function ifGone(error: unknown): null {
  if (error instanceof UserError && error.code === "not-found") return null;
  throw error;
}

/** dockerode's `df` takes options like every other call; its types do not say so. */
function usageOf(docker: Docker, options: { readonly abortSignal: AbortSignal }): Promise<unknown> {
  type WithOptions = { df(options: object): Promise<unknown> };
  return (docker as unknown as WithOptions).df(options);
}

/** The same of `inspect`. */
function imageOf(
  docker: Docker,
  id: string,
  options: { readonly abortSignal: AbortSignal },
): Promise<Docker.ImageInspectInfo> {
  type WithOptions = { inspect(options: object): Promise<Docker.ImageInspectInfo> };
  return (docker.getImage(id) as unknown as WithOptions).inspect(options);
}

function moment(created: number): string {
  return seconds(new Date(created * 1000).toISOString());
}

/** RFC 3339 in UTC with whole seconds; what is no moment is now, so that it is never old. */
function seconds(text: string): string {
  const at = Date.parse(text);
  return `${new Date(Number.isNaN(at) ? Date.now() : at).toISOString().slice(0, 19)}Z`;
}

function short(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}
