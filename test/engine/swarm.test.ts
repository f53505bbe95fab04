// A swarm of one node: services, stacks, updates, external volumes, and who is refused.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";
import { refusal } from "./words.ts";

const on = fileEngine("swarm");

/** `docker service create` with what all of ours have. */
function service(name: string, flags: string, script: string): Promise<string> {
  const common = "--detach --no-resolve-image --stop-grace-period 1s --restart-delay 1s";
  return on.docker(`service create ${common} --name ${name} ${flags} busybox sh -c`, script);
}

/** The tasks of a service that run now, by their containers' ids. */
async function running(name: string): Promise<readonly string[]> {
  const ids = await on.docker(`ps --quiet --filter label=com.docker.swarm.service.name=${name}`);
  return ids.split("\n").filter(Boolean);
}

/** Waits until `count` tasks of the service run, and no other; returns their containers. */
function settled(name: string, count: number): Promise<readonly string[]> {
  return until(
    `${count} tasks of ${name} run`,
    async () => {
      const states = await on.docker(
        "service ps --format {{.CurrentState}} --filter desired-state=running",
        name,
      );
      const up = states.split("\n").filter((state) => state.startsWith("Running")).length;
      const containers = await running(name);
      return up === count && containers.length === count && containers;
    },
    60_000,
  );
}

/** Waits for the first task of the service that failed, and returns the plugin's words to it. */
async function refusedTask(name: string): Promise<string> {
  const stderr = await until(`a task of ${name} is refused`, async () => {
    const errors = await on.docker("service ps --no-trunc --format {{.Error}}", name);
    return errors.split("\n").find((error) => error.includes("swarmnfs: "));
  });
  return refusal({ exitCode: 1, stdout: "", stderr: stderr.replace(/"$/, "") });
}

test.serial.before(async () => {
  await on.docker("swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377");
});

const written = "hostname >>/d/hosts; exec sleep 600";
const webMount =
  "type=volume,source=web_data,target=/d,volume-driver=swarmnfs,volume-opt=app=web,volume-opt=mode=0755";

test.serial("three replicas share one volume that the service made", async (t) => {
  await service("web", `--init --replicas 3 --mount ${webMount}`, written);
  const [first = ""] = await settled("web", 3);
  const hosts = await until("all have written", async () => {
    const lines = (await on.docker(`exec ${first} cat /d/hosts`)).split("\n");
    return lines.length === 3 && lines;
  });
  t.is(new Set(hosts).size, 3);
  const { app, mountedOn, state } = await on.status("web_data");
  t.deepEqual({ app, mountedOn, state }, { app: "web", mountedOn: ["node1"], state: "mounted" });
});

test.serial("service update --force replaces all tasks and keeps the data", async (t) => {
  const before = new Set(await running("web"));
  await on.docker("service update --detach --force --update-parallelism 2 web");
  await until(
    "all tasks are new",
    async () => {
      const now = await running("web");
      return now.length === 3 && now.every((id) => !before.has(id));
    },
    90_000,
  );
  const [first = ""] = await settled("web", 3);
  t.is((await on.docker(`exec ${first} sort -u /d/hosts`)).split("\n").length, 6);
});

test.serial("a task that dies is replaced and finds the data", async (t) => {
  const [victim = ""] = await running("web");
  await on.docker(`kill ${victim}`);
  await until("it is replaced", async () => !(await running("web")).includes(victim));
  const [first = ""] = await settled("web", 3);
  t.is((await on.docker(`exec ${first} sort -u /d/hosts`)).split("\n").length, 7);
});

test.serial("another service is refused, and its tasks say why", async (t) => {
  const mount = "type=volume,source=web_data,target=/stolen";
  await service("thief", `--mount ${mount}`, "ls /stolen");
  t.is(
    await refusedTask("thief"),
    '"web_data" belongs to app "web": the stack, compose project or service "web" and containers called web, web-… or web_… may mount it; this is service "thief". To allow it: swarmnfs apps set web services=web,thief',
  );
  await on.swarmnfs("apps set web services=web,thief");
  await until("a later task of it runs to its end", async () =>
    (await on.docker("service ps --format {{.CurrentState}} thief")).includes("Complete"),
  );
  await on.docker("service rm thief");
  t.is((await settled("web", 3)).length, 3);
});

test.serial("a misspelt option is told by the task", async (t) => {
  const mount = "type=volume,source=typo,target=/d,volume-driver=swarmnfs,volume-opt=apps=typo";
  await service("typo", `--mount ${mount}`, "true");
  t.regex(await refusedTask("typo"), /^unknown option "apps": did you mean "app"\? Options: /);
  await on.docker("service rm typo");
});

test.serial("every slot may have a volume of its own", async (t) => {
  const mount =
    "type=volume,source={{.Service.Name}}-{{.Task.Slot}},target=/d,volume-driver=swarmnfs,volume-opt=app={{.Service.Name}}";
  await service(
    "slots",
    `--init --replicas 2 --mount ${mount}`,
    "echo here >/d/file; exec sleep 600",
  );
  await settled("slots", 2);
  t.is(
    (await on.docker("volume ls --quiet --filter name=slots-")).split("\n").toSorted().join(" "),
    "slots-1 slots-2",
  );
  t.is((await on.status("slots-2"))["path"], "apps/slots/slots-2");
  await on.docker("service rm slots");
});

const stackFile = `
version: "3.7"
services:
  web:
    image: busybox
    command: sh -c "echo stack >>/d/log; exec sleep 600"
    init: true
    stop_grace_period: 1s
    volumes: ["own:/d"]
  job:
    image: busybox
    command: sh -c "until cat /d/log >/g/copy; do sleep 0.1; done; exec sleep 600"
    init: true
    stop_grace_period: 1s
    volumes: ["own:/d:ro", "given:/g"]
volumes:
  own: {driver: swarmnfs}
  given: {external: true, name: given}
`;

const thievingFile = `
version: "3.7"
services:
  web:
    image: busybox
    command: ls /d
    volumes: ["loot:/d"]
volumes:
  loot: {external: true, name: pile_own}
`;

test.serial(
  "a stack shares its volumes, an external one among them, and owns what it mounts first",
  async (t) => {
    const file = path.join(on.engine.folder, "stack.yml");
    await writeFile(file, stackFile);
    await on.docker("volume create -d swarmnfs -o app=pile given");
    await on.docker(`stack deploy --resolve-image never --compose-file ${file} pile`);
    await settled("pile_web", 1);
    const [job = ""] = await settled("pile_job", 1);
    t.is(
      await until("the job has copied", () =>
        on.docker(`exec ${job} cat /g/copy`).catch(() => null),
      ),
      "stack",
    );
    t.regex(String((await on.status("pile_own"))["owner"]), /^stack pile \(first, since /);
    t.is((await on.status("given"))["owner"], undefined);
  },
);

test.serial("another stack is refused the first one's volume", async (t) => {
  const file = path.join(on.engine.folder, "other.yml");
  await writeFile(file, thievingFile);
  await on.docker(`stack deploy --resolve-image never --compose-file ${file} other`);
  t.is(
    await refusedTask("other_web"),
    '"pile_own" belongs to stack "pile", which mounted it first; this is service "other_web". To allow it: swarmnfs apps set pile_own services=pile,other',
  );
  await on.docker("stack rm other");
});

test.serial("a container with a task's labels, node id and all, is refused", async (t) => {
  const [web = ""] = await settled("pile_web", 1);
  const labels = JSON.parse(
    await on.docker("inspect --format", "{{json .Config.Labels}}", web),
  ) as Record<string, string>;
  const flags = Object.entries(labels)
    .map(([key, value]) => `--label ${key}=${value}`)
    .join(" ");
  const task = labels["com.docker.swarm.task.name"] ?? "";
  t.is(
    refusal(await on.inContainer("impostor", "pile_own", "ls", flags)),
    `container "impostor" is not what its labels say: they name task "${task}" of swarm service "pile_web", but a task's container has its name. Remove these labels from it`,
  );
  const elsewhere = flags.replace(/(swarm.node.id)=\S+/, "$1=abcdef");
  t.is(
    refusal(await on.inContainer("impostor", "pile_own", "ls", elsewhere)),
    'container "impostor" is not what its labels say: they name swarm service "pile_web" on another node than this. Remove these labels from it',
  );
});

test.serial("a compose file that claims the stack's labels is refused", async (t) => {
  const [web = ""] = await settled("pile_web", 1);
  const label = (name: string): Promise<string> =>
    on.docker("inspect --format", `{{index .Config.Labels "${name}"}}`, web);
  const names = [
    "com.docker.stack.namespace",
    "com.docker.swarm.service.name",
    "com.docker.swarm.task.name",
    "com.docker.swarm.node.id",
  ];
  const lines = await Promise.all(
    names.map(async (name) => `      ${name}: "${await label(name)}"`),
  );
  await writeFile(
    path.join(on.engine.folder, "docker-compose.yml"),
    `
version: "3.7"
services:
  web:
    image: busybox
    command: ls /d
    volumes: ["loot:/d"]
    labels:
${lines.join("\n")}
volumes:
  loot: {external: true, name: pile_own}
`,
  );
  const refused = await on.compose(on.engine.folder, "--project-name forger up web");
  t.regex(
    refusal(refused),
    /^container "forger[-_]web[-_]1" is not what its labels say: they name a compose project and a swarm service at once\./,
  );
  await on.compose(on.engine.folder, "--project-name forger down");
});

test.serial("services and stacks go, their volumes stay", async (t) => {
  await on.docker("service rm web");
  await on.docker("stack rm pile");
  await until("no task is left", async () => (await on.docker("ps --all --quiet")) === "", 60_000);
  const names = (await on.docker("volume ls --quiet --filter driver=swarmnfs:latest")).split("\n");
  t.deepEqual(names.toSorted(), ["given", "pile_own", "slots-1", "slots-2", "web_data"]);
  await on.allUnmounted();
  t.is(await on.docker("volume rm web_data"), "web_data");
});
