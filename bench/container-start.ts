import { mkdir } from "node:fs/promises";
import type Docker from "dockerode";
import { Callers } from "./callers.ts";
import type { BenchEngine } from "./engine.ts";
import { progress } from "./progress.ts";
import type { Row } from "./row.ts";
import { median, medianError, quantile } from "./sample.ts";

/** The plugin's volumes belong to this app, and the containers' names say that they do. */
const app = "bench";
const localDevices = "/var/lib/bench-local";
const kinds = ["none", "local warm", "swarmnfs warm", "local cold", "swarmnfs cold"] as const;
type Kind = (typeof kinds)[number];

/** Milliseconds of `docker create` and of `docker start`, by kind, one of each a repetition. */
type Times = Record<Kind, { readonly create: number[]; readonly start: number[] }>;

/**
 * How long the engine takes to start a container with a volume that another one has mounted already (warm) and with one
 * that nobody has (cold), against Docker's `local` driver with its bind option. What it takes without any volume is
 * subtracted, repetition by repetition.
 */
export async function measureContainerStart(
  engine: BenchEngine,
  repetitions: number,
): Promise<Row[]> {
  const { docker } = engine;
  progress("container start: volumes and the containers that keep them warm");
  for (const driver of ["local", "swarmnfs"] as const) {
    await createVolume(engine, driver, `${driver}-warm`);
    await startContainer(docker, `${app}-keeps-${driver}`, `${driver}-warm`);
  }
  const times = Object.fromEntries(
    kinds.map((kind) => [kind, { create: [], start: [] }]),
  ) as unknown as Times;
  for (let repetition = 0; repetition <= repetitions; repetition += 1) {
    if (repetition % 5 === 0)
      progress(`container start: repetition ${repetition} of ${repetitions}`);
    for (let turn = 0; turn < kinds.length; turn += 1) {
      const kind = kinds[(turn + repetition) % kinds.length]!;
      const [create, start] = await measureOne(engine, kind, repetition);
      if (repetition === 0) continue; // warms up
      times[kind].create.push(create);
      times[kind].start.push(start);
    }
  }
  return [...rowsOf(times), await mountRow(engine)];
}

async function measureOne(
  engine: BenchEngine,
  kind: Kind,
  repetition: number,
): Promise<readonly [number, number]> {
  let volume: string | null = null;
  const [driver, warmth] = kind.split(" ");
  if (driver === "local" || driver === "swarmnfs") {
    volume = warmth === "warm" ? `${driver}-warm` : `${driver}-cold-${repetition}`;
    if (warmth === "cold") await createVolume(engine, driver, volume);
  }
  const name = `${app}-${kind.replace(" ", "-")}-${repetition}`;
  const { container, times } = await startContainer(engine.docker, name, volume);
  await container.remove({ force: true });
  return times;
}

async function createVolume(
  engine: BenchEngine,
  driver: "local" | "swarmnfs",
  volume: string,
): Promise<void> {
  const device = `${localDevices}/${volume}`;
  if (driver === "local") await mkdir(engine.at(device), { recursive: true });
  const DriverOpts =
    driver === "local" ? { type: "none", o: "bind", device } : ({ app } as Record<string, string>);
  await engine.docker.createVolume({ Name: volume, Driver: driver, DriverOpts });
}

async function startContainer(
  docker: Docker,
  name: string,
  volume: string | null,
): Promise<{ readonly container: Docker.Container; readonly times: readonly [number, number] }> {
  const begun = performance.now();
  const container = await docker.createContainer({
    name,
    Image: "busybox",
    Cmd: ["sleep", "3600"],
    // No network: it is most of a start's time, and of its noise.
    HostConfig: { NetworkMode: "none", Binds: volume === null ? [] : [`${volume}:/data`] },
  });
  const created = performance.now();
  await container.start();
  return { container, times: [created - begun, performance.now() - created] };
}

function rowsOf(times: Times): Row[] {
  const none = times.none;
  const total = ({ create, start }: Times[Kind]): number[] =>
    create.map((ms, index) => ms + start[index]!);
  const extra = (kind: Kind, part: (of: Times[Kind]) => number[]): number[] => {
    const bare = part(none);
    return part(times[kind]).map((ms, index) => ms - bare[index]!);
  };
  const rows: Row[] = [
    {
      what: "docker start, without a volume: the engine's own time",
      unit: "ms",
      swarmnfs: null,
      other: { name: "no volume", median: median(none.start), p99: quantile(none.start, 0.99) },
      ratio: null,
      goals: [],
    },
  ];
  for (const warmth of ["warm", "cold"] as const) {
    const parts = { start: (of: Times[Kind]) => of.start, "create + start": total };
    for (const [part, of] of Object.entries(parts)) {
      const ours = valueOf(extra(`swarmnfs ${warmth}`, of));
      const local = valueOf(extra(`local ${warmth}`, of));
      rows.push({
        what: `docker ${part}, ${warmth} volume: on top of that`,
        unit: "ms",
        swarmnfs: ours,
        other: { name: "local, bind", ...local },
        // A share of next to nothing says nothing.
        ratio: local.median > 2 * local.error ? ours.median / local.median : null,
        goals: [],
      });
    }
  }
  return rows;
}

function valueOf(differences: readonly number[]): { median: number; error: number } {
  return { median: median(differences), error: medianError(differences) };
}

/** What of it is the plugin: Mount of a warm volume at its own socket, asked as Docker does, one after the other. */
async function mountRow(engine: BenchEngine): Promise<Row> {
  const volume = "swarmnfs-warm";
  const waiting = await engine.docker.createContainer({
    name: `${app}-waits`,
    Image: "busybox",
    HostConfig: { Binds: [`${volume}:/data`] },
  });
  const caller = await Callers.open(engine.pluginSocket, 1);
  const count = 100;
  const { each } = await caller.run(2 * count, (index) => ({
    verb: index % 2 === 0 ? "Mount" : "Unmount",
    body: { Name: volume, ID: String(Math.floor(index / 2)).padStart(64, "0") },
  }));
  caller.close();
  await waiting.remove();
  const mounts = each.filter((_, index) => index % 2 === 0);
  return {
    what: "Mount of a warm volume at the plugin's socket, 1 caller",
    unit: "ms",
    swarmnfs: { median: median(mounts), p99: quantile(mounts, 0.99) },
    other: null,
    ratio: null,
    goals: [],
  };
}
