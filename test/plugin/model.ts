import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { FakeDaemon, newId } from "./fake-daemon.ts";
import { PluginUnderTest } from "./plugin-under-test.ts";
import { until } from "./until.ts";

export const volumeNames = ["a", "b", "constructor"];
export const containerNames = ["one", "two", "three"];

/** What must be so, whatever happened: kept beside the plugin, by the simplest bookkeeping there is. */
export interface Expected {
  /** Volumes that were made and not removed. */
  readonly volumes: Set<string>;
}

/** A node: the plugin, its kernel, its engine and its storage. */
export class Node {
  readonly plugin: PluginUnderTest;
  readonly docker: FakeDaemon;
  #boots = 1;

  private constructor(plugin: PluginUnderTest) {
    this.plugin = plugin;
    this.docker = new FakeDaemon(plugin);
  }

  static async start(): Promise<Node> {
    const environment = { SWARMNFS_DEFAULT_OPTIONS: "app=crowd,services=*" };
    return new Node(await PluginUnderTest.start({ lingerMs: 2, environment }));
  }

  async reboot(): Promise<void> {
    this.#boots += 1;
    this.docker.die();
    await this.plugin.reboot(`boot-${this.#boots}`);
    await this.docker.boot();
  }

  /** True at every moment: whoever has a volume has its mount, and every mount is what its name says. */
  check(): void {
    const { mounter, storagePath } = this.plugin;
    for (const volume of this.docker.holds().keys()) {
      if (!mounter.table.has(volume)) throw new Error(`${volume} is held and not mounted`);
    }
    for (const [name, { source }] of mounter.table) {
      if (source !== `${storagePath}/apps/crowd/${name}`)
        throw new Error(`${name} shows ${source}, which is not its directory`);
    }
  }

  /** True when all is well and some time has passed: no mount without a holder, no record without a reason, none lost. */
  async settle(expected: Expected): Promise<void> {
    const { plugin, docker } = this;
    plugin.engine.silent = false;
    plugin.weather = "fine";
    plugin.mounter.failure = null;
    await plugin.ageHolds(3_600_000);
    await plugin.reconcile();
    const held = [...docker.holds().keys()].toSorted();
    await until(`what is mounted is what is held: ${held.join()}`, async () =>
      same([...plugin.mounter.table.keys()], held),
    ).catch((error: unknown) => {
      throw new Error(`mounted: ${[...plugin.mounter.table.keys()].join()}`, { cause: error });
    });
    await until("the table says the same", async () => same(await this.#rows(), held), 2_000);
    const told = await docker.volumes();
    if (!same(told, [...expected.volumes]))
      throw new Error(
        `Docker is told of ${told.join()}, and there are ${[...expected.volumes].join()}`,
      );
    this.check();
  }

  async end(): Promise<void> {
    await this.plugin.stop();
    await this.plugin.remove();
    const mistakes = this.plugin.lines.filter(({ msg }) =>
      ["failed", "cannot unmount"].includes(msg),
    );
    if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
  }

  async #rows(): Promise<string[]> {
    const text = await readFile(join(this.plugin.state, "mounts.json"), "utf8");
    return (JSON.parse(text) as { rows: { volume: string }[] }).rows.map(({ volume }) => volume);
  }
}

type Step = fc.AsyncCommand<Expected, Node>;

/** One thing that can happen to a node; whatever it does, `check` must hold after it. */
function step(
  title: string,
  happen: (node: Node, expected: Expected) => Promise<void> | void,
): Step {
  return {
    check: () => true,
    async run(expected, node) {
      await happen(node, expected);
      node.check();
    },
    toString: () => title,
  };
}

const quietly = (): undefined => undefined;

/** Everything that can happen, as arbitraries for `fc.commands`. */
export function steps(): fc.Arbitrary<Step>[] {
  const volume = fc.constantFrom(...volumeNames);
  const container = fc.constantFrom(...containerNames);
  const anyVolumes = fc.uniqueArray(volume, { minLength: 1, maxLength: 2 });
  const launched = fc.tuple(container, anyVolumes).map(([name, volumes]) => launch(name, volumes));
  return [
    ...often(6, launched),
    ...often(3, container.map(start)),
    ...often(3, container.map(stop)),
    ...often(2, container.map(copy)),
    ...often(3, fc.constant(allIsWell)),
    ...[...troubles, ...ends].map((one) => fc.constant(one)),
    container.map(killDuringMount),
    volume.map(create),
    volume.map(remove),
    volume.map(hangUp),
    volume.map(unmountUnknown),
    fc.constant(step("the minute's comparison", ({ plugin }) => plugin.reconcile().catch(quietly))),
    fc.constant(step("time passes", (node, expected) => node.settle(expected))),
  ];
}

function often<T>(times: number, what: T): T[] {
  return Array.from({ length: times }, () => what);
}

const allIsWell = step("everything answers again", ({ plugin }) => {
  plugin.engine.silent = false;
  plugin.mounter.failure = null;
  plugin.weather = "fine";
});

const troubles: readonly Step[] = [
  step("Docker falls silent", ({ plugin }) => {
    plugin.engine.silent = true;
  }),
  step("mount(8) fails", ({ plugin }) => {
    plugin.mounter.failure = "mount failed: server not responding";
  }),
  step("the storage goes away", ({ plugin }) => {
    plugin.weather = "refusing";
  }),
];

const ends: readonly Step[] = [
  step("the plugin is killed", ({ plugin }) => plugin.crashAndBegin()),
  step("the plugin is restarted", async ({ plugin }) => {
    await plugin.stop();
    await plugin.begin();
  }),
  step("dockerd is killed and started", async ({ docker }) => {
    docker.die();
    await docker.boot();
  }),
  step("the machine is rebooted", (node) => node.reboot()),
];

function create(name: string): Step {
  return step(`docker volume create ${name}`, async ({ docker }, expected) => {
    await docker.create(name).then(() => expected.volumes.add(name), quietly);
  });
}

/** Docker itself refuses to remove what a container has, even a stopped one. */
function remove(name: string): Step {
  return step(`docker volume rm ${name}`, async ({ docker, plugin }, expected) => {
    const users = [...plugin.engine.containers.values()];
    if (users.some(({ volumes }) => volumes.includes(name))) return;
    await docker.removeVolume(name).then(() => expected.volumes.delete(name), quietly);
  });
}

/** `docker run`, which makes what volumes are missing. */
function launch(name: string, volumes: readonly string[]): Step {
  const title = `docker run --name ${name} -v ${volumes.join(" -v ")}`;
  return step(title, async ({ docker }, expected) => {
    if (docker.has(name)) {
      if (docker.container(name).state === "running") return;
      docker.removeContainer(name);
    }
    for (const volume of volumes) {
      const made = await docker.create(volume).then(() => volume, quietly);
      if (made === undefined) return;
      expected.volumes.add(volume);
    }
    const restartPolicy = name === "one" ? "always" : "no";
    await docker.run({ name, volumes, restartPolicy }).catch(quietly);
  });
}

function start(name: string): Step {
  return step(`docker start ${name}`, async ({ docker }) => {
    if (docker.has(name) && docker.container(name).state !== "running")
      await docker.start(name).catch(quietly);
  });
}

function stop(name: string): Step {
  return step(`docker stop ${name}`, async ({ docker }) => {
    if (docker.has(name) && docker.container(name).state === "running") await docker.stop(name);
  });
}

function copy(name: string): Step {
  return step(`docker cp ${name}`, async ({ docker }) => {
    if (docker.has(name)) await docker.copy(name).catch(quietly);
  });
}

function hangUp(volume: string): Step {
  return step(`Docker hangs up on Mount ${volume}`, ({ plugin }) =>
    plugin.docker.hangUpOn("Mount", { Name: volume, ID: newId() }, () => Promise.resolve()),
  );
}

function unmountUnknown(volume: string): Step {
  return step(`Unmount ${volume} by an id nobody knows`, async ({ plugin }) => {
    await plugin.docker.call("Unmount", { Name: volume, ID: newId() });
  });
}

/** The plugin dies while mount(8) runs, which goes on and mounts a volume that nobody asks for any more. */
function killDuringMount(name: string): Step {
  return step(`the plugin is killed while ${name} starts`, async ({ docker, plugin }) => {
    if (!docker.has(name) || docker.container(name).state === "running") return;
    plugin.mounter.valve.close();
    let isOver = false;
    const starting = docker
      .start(name)
      .catch(quietly)
      .finally(() => (isOver = true));
    await until(
      "mount(8) runs, or is not needed",
      () => isOver || plugin.mounter.valve.waiting > 0,
    );
    await plugin.crash();
    plugin.mounter.valve.open();
    await starting;
    await plugin.begin();
  });
}

function same(one: readonly string[], two: readonly string[]): boolean {
  return one.toSorted().join() === two.toSorted().join();
}
