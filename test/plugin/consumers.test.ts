import test from "ava";
import { UserError } from "../../service/user-error.ts";
import type { Container } from "../../plugin/engine.ts";
import { consumerOf, Consumers } from "../../plugin/consumers.ts";
import type { Consumer } from "../../storage/rules/access.ts";
import { FakeEngine } from "./fake-engine.ts";

const swarm = {
  "com.docker.swarm.node.id": "n1",
  "com.docker.swarm.service.id": "s1",
  "com.docker.swarm.service.name": "blog_web",
  "com.docker.swarm.task": "",
  "com.docker.swarm.task.id": "x7k2",
  "com.docker.swarm.task.name": "blog_web.1.x7k2",
};
const stack = { "com.docker.stack.namespace": "blog", ...swarm };
const compose = {
  "com.docker.compose.project": "blog",
  "com.docker.compose.service": "web",
  "com.docker.compose.container-number": "1",
};

function container(name: string, labels: Container["labels"]): Container {
  return { id: name, name, state: "created", labels, volumes: ["v"] };
}

function without(labels: Container["labels"], ...keys: string[]): Container["labels"] {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !keys.includes(key)));
}

const honest: [string, Container["labels"], Consumer][] = [
  ["tender_bell", {}, { kind: "container", container: "tender_bell" }],
  [
    "blog_web.1.x7k2",
    swarm,
    { kind: "service", service: "blog_web", stack: null, container: "blog_web.1.x7k2" },
  ],
  [
    "blog_web.1.x7k2",
    stack,
    { kind: "service", service: "blog_web", stack: "blog", container: "blog_web.1.x7k2" },
  ],
  [
    "blog-web-1",
    compose,
    { kind: "compose", project: "blog", service: "web", container: "blog-web-1" },
  ],
  // Compose 1 gives a container of `docker-compose run` no number.
  [
    "blog_web_run_1a2b3c",
    {
      ...without(compose, "com.docker.compose.container-number"),
      "com.docker.compose.oneoff": "True",
    },
    { kind: "compose", project: "blog", service: "web", container: "blog_web_run_1a2b3c" },
  ],
  // An image that compose built carries its project, but nobody started this container with compose.
  [
    "tender_bell",
    without(compose, "com.docker.compose.container-number"),
    { kind: "container", container: "tender_bell" },
  ],
  // A task whose image was built by compose.
  [
    "blog_web.1.x7k2",
    { ...without(compose, "com.docker.compose.container-number"), ...swarm },
    { kind: "service", service: "blog_web", stack: null, container: "blog_web.1.x7k2" },
  ],
];

for (const [name, labels, expected] of honest) {
  test(`${name} with ${Object.keys(labels).length} labels is a ${expected.kind}`, (t) => {
    t.deepEqual(consumerOf(container(name, labels), "n1"), expected);
  });
}

const task = "blog_web.1.x7k2";
const forgeries: [string, string, Container["labels"], string | null, string][] = [
  [
    "another node's task",
    task,
    { ...swarm, "com.docker.swarm.node.id": "n2" },
    "n1",
    'they name swarm service "blog_web" on another node than this',
  ],
  [
    "a task without a node",
    task,
    without(swarm, "com.docker.swarm.node.id"),
    "n1",
    'they name swarm service "blog_web" on another node than this',
  ],
  [
    "a task where there is no swarm",
    task,
    swarm,
    null,
    'they name swarm service "blog_web", but this engine is in no swarm',
  ],
  [
    "a task under another name",
    "evil",
    swarm,
    "n1",
    `they name task "${task}" of swarm service "blog_web", but a task's container has its name`,
  ],
  [
    "another service's task",
    "shop_web.1.x7k2",
    { ...swarm, "com.docker.swarm.task.name": "shop_web.1.x7k2" },
    "n1",
    'they name task "shop_web.1.x7k2" of swarm service "blog_web", but a task\'s container has its name',
  ],
  [
    "a service without a task",
    task,
    without(swarm, "com.docker.swarm.task.name"),
    "n1",
    "they speak of swarm, but name no task",
  ],
  [
    "a stack without a service",
    "tender_bell",
    { "com.docker.stack.namespace": "blog" },
    "n1",
    "they speak of swarm, but name no task",
  ],
  [
    "another stack's service",
    task,
    { ...stack, "com.docker.stack.namespace": "shop" },
    "n1",
    'they name stack "shop", to which service "blog_web" does not belong',
  ],
  [
    "swarm and compose at once",
    task,
    { ...stack, ...compose },
    "n1",
    "they name a compose project and a swarm service at once",
  ],
  [
    "any other label of swarm's",
    "tender_bell",
    { "com.docker.swarm.affinities": "[]" },
    "n1",
    "they speak of swarm, but name no task",
  ],
];

for (const [title, name, labels, node, reason] of forgeries) {
  test(`labels of ${title} are forged`, (t) => {
    t.deepEqual(consumerOf(container(name, labels), node), {
      kind: "forged",
      reason,
      container: name,
    });
  });
}

test("the only container that is not running is the one that asks, whatever its state", async (t) => {
  for (const state of ["created", "exited", "restarting"]) {
    const engine = new FakeEngine();
    engine.add("old", { state: "running", volumes: ["v"] });
    engine.add("new", { state, volumes: ["v"] });
    t.deepEqual(await new Consumers(engine.api).callersOf("v"), {
      kind: "candidates",
      consumers: [{ kind: "container", container: "new" }],
    });
  }
});

test("of several that are not running, the one whose inspect does not answer asks", async (t) => {
  const engine = new FakeEngine();
  engine.add("old", { state: "exited", volumes: ["v"] });
  engine.add("new", { state: "exited", volumes: ["v"], held: true });
  t.deepEqual(await new Consumers(engine.api).callersOf("v"), {
    kind: "candidates",
    consumers: [{ kind: "container", container: "new" }],
  });
});

test("if none of them stands out, all of them could be the one", async (t) => {
  const engine = new FakeEngine();
  engine.add("one", { state: "exited", volumes: ["v"] });
  engine.add("two", { state: "created", volumes: ["v"] });
  t.deepEqual(await new Consumers(engine.api).callersOf("v"), {
    kind: "candidates",
    consumers: [
      { kind: "container", container: "one" },
      { kind: "container", container: "two" },
    ],
  });
});

test("a container that could not be removed whole can never be the one that starts", async (t) => {
  const engine = new FakeEngine();
  engine.add("corpse", { state: "dead", volumes: ["v"] });
  engine.add("new", { state: "created", volumes: ["v"] });
  t.deepEqual(await new Consumers(engine.api).callersOf("v"), {
    kind: "candidates",
    consumers: [{ kind: "container", container: "new" }],
  });
});

test("when all who have the volume run already, the engine asks for itself", async (t) => {
  const engine = new FakeEngine();
  engine.add("old", { state: "running", volumes: ["v"] });
  t.deepEqual(await new Consumers(engine.api).callersOf("v"), {
    kind: "nobody",
    running: [{ kind: "container", container: "old" }],
  });
});

test("a silent engine is told apart from one that knows nobody", async (t) => {
  const engine = new FakeEngine();
  engine.silent = true;
  t.deepEqual(await new Consumers(engine.api).callersOf("v"), {
    kind: "silent",
    reason: "Docker does not answer on /run/docker.sock",
  });
});

test("a node that joined a swarm meanwhile is asked anew who it is", async (t) => {
  const engine = new FakeEngine();
  const consumers = new Consumers(engine.api);
  await consumers.callersOf("v");
  engine.swarmNode = "n1";
  engine.add(task, { labels: swarm, volumes: ["v"] });
  t.like(await consumers.callersOf("v"), { consumers: [{ kind: "service", service: "blog_web" }] });
});

test("holders are those who run, are paused, restart or are being removed", async (t) => {
  const engine = new FakeEngine();
  for (const state of ["created", "running", "paused", "restarting", "removing", "exited", "dead"])
    engine.add(state, { state, volumes: ["v"] });
  const holders = await new Consumers(engine.api).holders(1_000);
  t.deepEqual(
    holders.get("v")?.map(({ container: name }) => name),
    ["running", "paused", "restarting", "removing"],
  );
});

test("holders are told also when the engine is slow to say who it is, as long as it said so once", async (t) => {
  const engine = new FakeEngine();
  engine.add("web", { state: "running", volumes: ["v"] });
  const consumers = new Consumers(engine.api);
  engine.identifyMs = 30_000;
  await t.throwsAsync(consumers.holders(10_000), { code: "unavailable" });
  engine.identifyMs = 0;
  await consumers.holders(10_000);
  engine.identifyMs = 30_000;
  t.deepEqual([...(await consumers.holders(10_000)).keys()], ["v"]);
  engine.failure = new UserError("denied", "the engine does not run this plugin");
  await t.throwsAsync(consumers.holders(10_000), { code: "denied" });
});

test("a node that left its swarm is noticed with the next look at all holders", async (t) => {
  const engine = new FakeEngine();
  engine.swarmNode = "n1";
  engine.add(task, { labels: swarm, volumes: ["v"] });
  const consumers = new Consumers(engine.api);
  t.like(await consumers.callersOf("v"), { consumers: [{ kind: "service" }] });
  engine.swarmNode = null;
  await consumers.holders(1_000);
  t.like(await consumers.callersOf("v"), { consumers: [{ kind: "forged" }] });
});
