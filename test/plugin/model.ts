import * as fc from "fast-check";
import { newId } from "./fake-daemon.ts";
import type { Node } from "./node-under-test.ts";
import { until } from "./until.ts";

const volumeNames = ["a", "b", "constructor"];
const containerNames = ["one", "two", "three"];

type Step = fc.AsyncCommand<object, Node>;

/** One thing that can happen to a node; whatever it does, `check` must hold after it. */
function step(title: string, happen: (node: Node) => Promise<unknown> | void): Step {
  return {
    check: () => true,
    async run(_, node) {
      await happen(node);
      await node.check();
    },
    toString: () => title,
  };
}

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
    ...[...troubles, ...ends, ...times].map((one) => fc.constant(one)),
    container.map(killDuringMount),
    volume.map(create),
    volume.map(remove),
    volume.map(hangUp),
    volume.map(unmountUnknown),
  ];
}

function often<T>(times: number, what: T): T[] {
  return Array.from({ length: times }, () => what);
}

const allIsWell = step("everything answers again", (node) => node.makeWell());

const troubles: readonly Step[] = [
  step("Docker falls silent", (node) => {
    node.plugin.engine.silent = true;
    // A volume given back now stays until Docker is asked again.
    node.isUntidy = true;
  }),
  step("mount(8) fails", ({ plugin }) => {
    plugin.mounter.failure = "mount failed: server not responding";
  }),
  step("the storage goes away", ({ plugin }) => {
    plugin.weather = "refusing";
  }),
];

const ends: readonly Step[] = [
  step("the plugin is killed", async (node) => {
    node.losesWhatItWasAt();
    await node.plugin.crashAndBegin();
  }),
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

const times: readonly Step[] = [
  step("a moment passes", (node) => node.rest()),
  step("the minute's comparison", (node) => node.compare()),
  step("time passes", (node) => node.settle()),
];

function create(name: string): Step {
  return step(`docker volume create ${name}`, (node) => make(node, name));
}

async function make(node: Node, name: string): Promise<boolean> {
  const isMade = await node.attempt(node.docker.create(name));
  if (isMade) node.volumes.add(name);
  return isMade;
}

/** Docker itself refuses to remove what a container has, even a stopped one. */
function remove(name: string): Step {
  return step(`docker volume rm ${name}`, async (node) => {
    const { docker, plugin, volumes } = node;
    const users = [...plugin.engine.containers.values()];
    if (!volumes.has(name) || users.some((user) => user.volumes.includes(name))) return;
    // Whose Unmount never came is only known to be gone after a while.
    const isLeaked = node.isUntidy || plugin.docker.ledger.of(name).length > 0;
    const removal = docker.removeVolume(name);
    const isRemoved = isLeaked
      ? await removal.then(
          () => true,
          () => false,
        )
      : await node.attempt(removal);
    if (!isRemoved) return;
    volumes.delete(name);
    // Whoever held it and never gave it back does not hold the next one of this name.
    plugin.docker.ledger.forget(name);
  });
}

/** `docker run`, which makes what volumes are missing. */
function launch(name: string, volumes: readonly string[]): Step {
  const title = `docker run --name ${name} -v ${volumes.join(" -v ")}`;
  return step(title, async (node) => {
    const { docker } = node;
    if (docker.has(name)) {
      if (docker.container(name).state === "running") return;
      docker.removeContainer(name);
    }
    for (const volume of volumes) if (!(await make(node, volume))) return;
    const restartPolicy = name === "one" ? "always" : "no";
    await node.attempt(docker.run({ name, volumes, restartPolicy }));
  });
}

function start(name: string): Step {
  return step(`docker start ${name}`, async (node) => {
    if (node.docker.has(name) && node.docker.container(name).state !== "running")
      await node.attempt(node.docker.start(name));
  });
}

function stop(name: string): Step {
  return step(`docker stop ${name}`, async (node) => {
    const { docker } = node;
    if (!docker.has(name) || docker.container(name).state !== "running") return;
    // With a linger as short as here, it would seem to run still when its volumes are looked at.
    docker.container(name).state = "exited";
    await docker.stop(name);
  });
}

function copy(name: string): Step {
  return step(`docker cp ${name}`, async (node) => {
    if (node.docker.has(name)) await node.attempt(node.docker.copy(name));
  });
}

/** Docker goes away while mount(8) runs, or at once if it need not run. */
function hangUp(volume: string): Step {
  return step(`Docker hangs up on Mount ${volume}`, async (node) => {
    const id = newId();
    const { docker, mounter } = node.plugin;
    mounter.valve.close();
    let isOver = false;
    const body = { Name: volume, ID: id };
    const going = new AbortController();
    const call = docker.call("Mount", body, going.signal).then(
      () => docker.call("Unmount", body),
      () => undefined,
    );
    void call.finally(() => (isOver = true));
    await until("mount(8) runs, or need not", () => isOver || mounter.valve.waiting > 0);
    going.abort();
    mounter.valve.open();
    await call;
    node.abandoned.add(id);
  });
}

function unmountUnknown(volume: string): Step {
  return step(`Unmount ${volume} by an id nobody knows`, ({ plugin }) =>
    plugin.docker.call("Unmount", { Name: volume, ID: newId() }),
  );
}

/** The plugin dies while mount(8) runs, which goes on and mounts a volume that nobody asks for any more. */
function killDuringMount(name: string): Step {
  return step(`the plugin is killed while ${name} starts`, async (node) => {
    const { docker, plugin } = node;
    if (!docker.has(name) || docker.container(name).state === "running") return;
    plugin.mounter.valve.close();
    let isOver = false;
    const starting = docker
      .start(name)
      .catch(() => undefined)
      .finally(() => (isOver = true));
    await until("mount(8) runs, or need not", () => isOver || plugin.mounter.valve.waiting > 0);
    await plugin.crash();
    await starting;
    node.losesWhatItWasAt();
    node.isUntidy = true;
    await plugin.begin();
    plugin.mounter.valve.open();
  });
}
