import { cpSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { pino } from "pino";
import { systemClock } from "../../service/clock.ts";
import { DirectoryStorage } from "../../storage/directory/directory-storage.ts";
import type { NodeIdentity, Storage } from "../../storage/storage.ts";
import { StorageUnavailable } from "../../storage/unavailable.ts";
import type { ThrowAway } from "../../plugin/benchmark/throw-away.ts";
import { assemble, type Plugin } from "../../plugin/plugin.ts";
import { parseSettings } from "../../plugin/settings.ts";
import { DockerClient } from "./docker-client.ts";
import { guarded, mortal } from "./effects.ts";
import { FakeEngine } from "./fake-engine.ts";
import { FakePacketFilter } from "./guard/fake-packet-filter.ts";
import { FakeScratchFiles } from "./cluster/fake-scratch-files.ts";
import type { ClusterPatience } from "../../plugin/cluster/cluster-examination.ts";
import { FakeMounter } from "./fake-mounter.ts";
import { FakeHookEngine } from "../service/hooks/fake-hook-engine.ts";
import { Valve } from "./valve.ts";

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly audit?: string;
  /** What people were told of. */
  readonly incident?: string;
  readonly [fact: string]: unknown;
}

/** What a test may choose; the rest is as on a node where all is well. */
export interface Circumstances {
  readonly node?: string;
  /** Further variables, as in config.json. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly lingerMs?: number;
  readonly lookupBoundMs?: number;
  readonly boot?: string;
  /** False: no Docker socket. */
  readonly withEngine?: boolean;
  /** The storage is so from the beginning. */
  readonly storage?: Weather;
  /** Containers that the plugin runs; absent: none. */
  readonly throwAway?: () => ThrowAway;
  /** Another node's storage to share. */
  readonly sharedWith?: PluginUnderTest;
  /** How long nodes wait for each other. */
  readonly clusterPatience?: ClusterPatience;
  /** In its place. */
  readonly makeStorage?: (path: string, process: ProcessUnderTest) => Storage;
}

/** The plugin's process, as what it makes sees it. */
export interface ProcessUnderTest {
  readonly node: NodeIdentity;
  readonly state: string;
  /** Aborted when it is dead. */
  readonly death: AbortSignal;
}

/** How the storage is: answering, silent for ever, or refusing. */
export type Weather = "fine" | "slow" | "silent" | "refusing";

/** The whole plugin on a real socket, with a kernel and an engine that are in memory and outlive it. */
export class PluginUnderTest {
  readonly directory: string;
  readonly storagePath: string;
  readonly mounter = new FakeMounter("/mounts");
  readonly packetFilter = new FakePacketFilter();
  readonly files = new FakeScratchFiles(this.mounter);
  readonly engine = new FakeEngine();
  /** The same engine, as hooks of backups see it. */
  readonly hookEngine = new FakeHookEngine();
  /** What the kernel says of mounts; null: it cannot be read. */
  readonly tables: { mountstats: string | null; mountinfo: string } = {
    mountstats: "",
    mountinfo: "",
  };
  readonly docker: DockerClient;
  readonly lines: LogLine[] = [];
  /** Of the storage as a whole, or of single methods of it. */
  weather: Weather;
  readonly weatherOf = new Map<keyof Storage, Weather>();
  /** How often each method of the storage was called. */
  readonly asked = new Map<keyof Storage, number>();
  /** Closed: the process listens, but is not ready to answer yet. */
  readonly door = new Valve();
  /** Milliseconds that every request has waited already when the plugin gets it. */
  waitedMs = 0;

  readonly #circumstances: Circumstances;
  readonly #socketPath: string;
  #generation = 0;
  #boot: string;
  #aheadMs = 0;
  #life = new AbortController();
  #server: Server | null = null;
  #plugin: Plugin | null = null;

  private constructor(directory: string, circumstances: Circumstances) {
    this.directory = directory;
    this.storagePath = circumstances.sharedWith?.storagePath ?? join(directory, "storage");
    this.weather = circumstances.storage ?? "fine";
    this.#circumstances = circumstances;
    this.#boot = circumstances.boot ?? "boot-1";
    this.#socketPath = join(directory, "swarmnfs.sock");
    this.docker = new DockerClient(this.#socketPath);
  }

  static async start(circumstances: Circumstances = {}): Promise<PluginUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), "swarmnfs-plugin-"));
    const plugin = new PluginUnderTest(directory, circumstances);
    await mkdir(plugin.state, { mode: 0o700 });
    await mkdir(plugin.storagePath, { recursive: true });
    await plugin.begin();
    return plugin;
  }

  /** How many connections Docker has open. */
  async connections(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#server?.getConnections((_, count) => resolve(count));
    return promise;
  }

  get state(): string {
    return join(this.directory, `state-${this.#generation}`);
  }

  get socketPath(): string {
    return this.#socketPath;
  }

  /** Audit lines so far, without what differs from run to run. */
  get audits(): { audit: string; volume: unknown; consumers: unknown; why: unknown }[] {
    return this.lines.flatMap(({ audit, volume, consumers, rule, reason }) =>
      audit === undefined ? [] : [{ audit, volume, consumers, why: rule ?? reason }],
    );
  }

  /** Starts the process; its storage has been looked at when this settles, if it answers. */
  async begin(): Promise<void> {
    const { clusterPatience } = this.#circumstances;
    const life = new AbortController();
    this.#life = life;
    const { throwAway, lingerMs, lookupBoundMs, withEngine, node, environment } =
      this.#circumstances;
    const plugin = await assemble({
      settings: parseSettings({
        SWARMNFS_STORAGE: "dir:///srv/swarm",
        SWARMNFS_NODE: node ?? "node1",
        SWARMNFS_STATE: this.state,
        ...environment,
      }),
      storage: (named) =>
        mortal(
          guarded(this.#storage({ node: named, state: this.state, death: life.signal }), (method) =>
            this.#endure(method as keyof Storage),
          ),
          life.signal,
        ),
      mounter: mortal(this.mounter, life.signal),
      packetFilter: this.packetFilter,
      kernel: {
        mountstats: async () => {
          if (this.tables.mountstats === null) throw new Error("EIO");
          return this.tables.mountstats;
        },
        mountinfo: async () => this.tables.mountinfo,
      },
      engine: withEngine === false ? null : mortal(this.engine.api, life.signal),
      ...(withEngine !== false && { hookEngine: mortal(this.hookEngine, life.signal) }),
      ...(throwAway && { throwAway: () => mortal(throwAway(), life.signal) }),
      boot: this.#boot,
      lingerMs: lingerMs ?? 15,
      lookupBoundMs: lookupBoundMs ?? 1_000,
      monotonic: () => performance.now() + this.#aheadMs,
      cluster: { files: this.files, ...(clusterPatience && { patience: clusterPatience }) },
      log: pino(
        { level: "debug", base: null },
        {
          write: (line: string) => {
            if (!life.signal.aborted) this.lines.push(JSON.parse(line) as LogLine);
          },
        },
      ),
    });
    this.#plugin = plugin;
    this.#server = createServer((request, response) => {
      const arrivedAt = performance.now() - this.waitedMs;
      void this.door.passed().then(() => plugin.answer(request, response, arrivedAt));
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(this.#socketPath, resolve);
    await promise;
    await chmod(this.#socketPath, 0o600);
    if (this.weather === "fine" && this.weatherOf.size === 0) await this.looked();
  }

  /** Settles when the plugin has looked at its storage after this call. */
  async looked(): Promise<void> {
    await this.docker.send("/Swarmnfs.Status", "{}");
  }

  metrics(): Promise<string> {
    return this.#plugin?.metrics() ?? Promise.resolve("");
  }

  reconcile(): Promise<void> {
    return this.#plugin?.reconcile() ?? Promise.resolve();
  }

  /** kill -9: what is in memory is gone, and what is on its way never arrives. Kernel, engine, storage and disk stay. */
  async crash(): Promise<void> {
    const before = this.state;
    this.#life.abort();
    this.#generation += 1;
    // The dead process may still have a write in flight; it shall not reach the disk of the next one.
    cpSync(before, this.state, { recursive: true });
    await this.#end();
  }

  async crashAndBegin(): Promise<void> {
    await this.crash();
    await this.begin();
  }

  /** A crash and a new start, after which so much time passes for whoever holds a volume. */
  async ageHolds(ms: number): Promise<void> {
    await this.crashAndBegin();
    this.#aheadMs += ms;
  }

  /** A crash and a new start, between which the machine's clock is set forward. */
  async setClockForward(ms: number): Promise<void> {
    await this.crash();
    const path = join(this.state, "mounts.json");
    const table = JSON.parse(await readFile(path, "utf8")) as { rows: { touchedAt: string }[] };
    for (const row of table.rows)
      row.touchedAt = new Date(Date.parse(row.touchedAt) - ms).toISOString();
    await writeFile(path, JSON.stringify(table));
    await this.begin();
  }

  /** A clean stop, as by SIGTERM. */
  async stop(): Promise<void> {
    await this.#plugin?.stop();
    this.#life.abort();
    await this.#end();
  }

  /** The machine was switched off and on: no mount survived it. */
  async reboot(boot: string): Promise<void> {
    await this.crash();
    this.#boot = boot;
    this.mounter.table.clear();
    await this.begin();
  }

  async remove(): Promise<void> {
    // A write may still be in flight.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }

  #storage(process: ProcessUnderTest): Storage {
    if (this.#circumstances.makeStorage !== undefined)
      return this.#circumstances.makeStorage(this.storagePath, process);
    const path = this.storagePath;
    return new DirectoryStorage(
      { url: "dir:///srv/swarm", path, trashDays: 30, makeRoot: true },
      { clock: systemClock },
    );
  }

  #weather(method: keyof Storage): Weather {
    return this.weatherOf.get(method) ?? this.weather;
  }

  /** A silent storage keeps everyone waiting for as long as it is silent, and then has lost what was asked; a slow one answers then. */
  async #endure(method: keyof Storage): Promise<void> {
    this.asked.set(method, (this.asked.get(method) ?? 0) + 1);
    while (this.#weather(method) === "slow") await delay(5, undefined, { ref: false });
    if (method === "close" || this.#weather(method) === "fine") return;
    while (this.#weather(method) === "silent") await delay(5, undefined, { ref: false });
    throw new StorageUnavailable("dir:///srv/swarm does not answer");
  }

  async #end(): Promise<void> {
    const server = this.#server;
    const { promise, resolve } = Promise.withResolvers<void>();
    server?.close(() => resolve());
    server?.closeAllConnections();
    await promise;
    // Its timers, if it was not stopped.
    void this.#plugin?.stop();
    this.#plugin = null;
  }
}

/** A plugin that lives as long as the test, and must not have made mistakes of its own. */
export async function startPlugin(
  t: ExecutionContext,
  circumstances: Circumstances = {},
): Promise<PluginUnderTest> {
  const plugin = await PluginUnderTest.start(circumstances);
  t.teardown(async () => {
    await plugin.stop();
    await plugin.remove();
    const mistakes = plugin.lines.filter(
      ({ level, msg, incident }) =>
        level >= 50 && msg !== "the storage cannot be used" && incident === undefined,
    );
    if (mistakes.length > 0) throw new Error(`mistakes: ${JSON.stringify(mistakes, null, 2)}`);
  });
  return plugin;
}
