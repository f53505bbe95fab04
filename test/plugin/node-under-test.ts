import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FakeDaemon } from "./fake-daemon.ts";
import { PluginUnderTest } from "./plugin-under-test.ts";
import { until } from "./until.ts";

interface Row {
  readonly volume: string;
  readonly holders: readonly { readonly id: string; readonly count: number }[];
}

/** A node as a whole: the plugin, its kernel, its engine and its storage, with what must be so kept beside it. */
export class Node {
  readonly plugin: PluginUnderTest;
  readonly docker: FakeDaemon;
  /** Volumes that were made and not removed. */
  readonly volumes = new Set<string>();
  /** Mount ids of calls on which Docker hung up. */
  readonly abandoned = new Set<string>();
  /** True after something that only the next comparison with the engine can put right. */
  isUntidy = false;
  #boots = 1;

  private constructor(plugin: PluginUnderTest) {
    this.plugin = plugin;
    this.docker = new FakeDaemon(plugin);
  }

  static async start(): Promise<Node> {
    const environment = { SWARMNFS_DEFAULT_OPTIONS: "app=crowd,services=*" };
    return new Node(await PluginUnderTest.start({ lingerMs: 2, environment }));
  }

  /** Nothing stands in the way: what people ask for must happen. */
  get isWell(): boolean {
    const { engine, mounter, weather } = this.plugin;
    return !engine.silent && mounter.failure === null && weather === "fine";
  }

  makeWell(): void {
    this.plugin.engine.silent = false;
    this.plugin.mounter.failure = null;
    this.plugin.weather = "fine";
  }

  /** Work that must succeed while all is well, and may fail otherwise; true if it did not fail. */
  async attempt(work: Promise<unknown>): Promise<boolean> {
    const mustSucceed = this.isWell;
    try {
      await work;
      return true;
    } catch (error) {
      if (mustSucceed) throw error;
      return false;
    }
  }

  /** Holds that a killed plugin was about to undo, since Docker hung up, wait for the next comparison. */
  losesWhatItWasAt(): void {
    this.isUntidy ||= this.abandoned.size > 0;
    this.abandoned.clear();
  }

  async reboot(): Promise<void> {
    this.#boots += 1;
    this.docker.die();
    this.plugin.docker.ledger.clear();
    await this.plugin.reboot(`boot-${this.#boots}`);
    await this.docker.boot();
  }

  /** True at every moment: holders have their mounts, mounts are what their names say, nothing is forgotten. */
  async check(): Promise<void> {
    const { mounter, storagePath } = this.plugin;
    for (const volume of this.docker.holds().keys()) {
      if (!mounter.table.has(volume)) throw new Error(`${volume} is held and not mounted`);
    }
    for (const [name, { source }] of mounter.table) {
      if (source !== `${storagePath}/apps/crowd/${name}`)
        throw new Error(`${name} shows ${source}, which is not its directory`);
    }
    agree("volumes Docker is told of", await this.docker.volumes(), [...this.volumes]);
    const rows = await this.#rows();
    for (const volume of this.volumes) {
      const { ledger } = this.plugin.docker;
      const held = rows
        .filter((row) => row.volume === volume)
        .flatMap(({ holders }) => holders)
        .filter(({ id }) => !ledger.isDoubtful(id))
        .map(({ id, count }) => `${id.slice(0, 8)}×${count}`);
      agree(`holders of ${volume}`, held, ledger.of(volume));
    }
  }

  /** True a moment later, without any comparison with the engine: what was given back is unmounted. */
  async rest(): Promise<void> {
    await this.#lettingGo();
    if (this.isUntidy || !this.isWell) return;
    const { mounter, docker } = this.plugin;
    const given = (): string[] =>
      [...mounter.table.keys()].filter((volume) => docker.ledger.of(volume).length === 0);
    await until("what was given back is unmounted", () => given().length === 0, 2_000);
  }

  /** A comparison with the engine, which may be silent: what no container has may be taken from whoever held it for long. */
  async compare(): Promise<void> {
    const { plugin, docker } = this;
    await plugin.reconcile().catch(() => undefined);
    const rows = await this.#rows();
    for (const volume of this.volumes) {
      const isGone = !rows.some((row) => row.volume === volume);
      if (isGone && !docker.holds().has(volume)) plugin.docker.ledger.forget(volume);
    }
  }

  /** True when all is well and some time has passed: what is mounted, held and in use is the same. */
  async settle(): Promise<void> {
    const { plugin, docker } = this;
    this.makeWell();
    await this.#lettingGo();
    const held = [...docker.holds().keys()];
    const inUse = new Set([...docker.holds().values()].flat());
    const isLeaking = (await this.#rows())
      .flatMap(({ holders }) => holders)
      .some(({ id }) => !inUse.has(id));
    if (isLeaking) await plugin.ageHolds(3_600_000);
    await plugin.looked();
    await plugin.reconcile();
    for (const volume of this.volumes) {
      if (!held.includes(volume)) plugin.docker.ledger.forget(volume);
    }
    this.isUntidy = false;
    await until(
      "what nobody holds is unmounted",
      () => plugin.mounter.table.size === held.length,
      2_000,
    );
    agree("mounted volumes", [...plugin.mounter.table.keys()], held);
    await until(
      "the table has the same rows",
      async () => (await this.#rows()).length === held.length,
      2_000,
    );
    await this.check();
  }

  async end(): Promise<void> {
    await this.plugin.stop();
    await this.plugin.remove();
    const mistakes = this.plugin.lines.filter(({ msg }) =>
      ["failed", "cannot unmount"].includes(msg),
    );
    if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
  }

  /** What Docker hung up on is let go without anybody asking for it. */
  async #lettingGo(): Promise<void> {
    await until("holds that nobody was told of are undone", async () => {
      const ids = (await this.#rows()).flatMap(({ holders }) => holders.map(({ id }) => id));
      return !ids.some((id) => this.abandoned.has(id));
    });
  }

  async #rows(): Promise<readonly Row[]> {
    const text = await readFile(join(this.plugin.state, "mounts.json"), "utf8");
    return (JSON.parse(text) as { rows: Row[] }).rows;
  }
}

function agree(what: string, are: readonly string[], shouldBe: readonly string[]): void {
  const [one, two] = [are, shouldBe].map((names) => names.toSorted().join(", "));
  if (one !== two) throw new Error(`${what}: ${one || "none"}; expected: ${two || "none"}`);
}
