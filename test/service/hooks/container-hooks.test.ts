import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import { ContainerHooks } from "../../../service/hooks/container-hooks.ts";
import { HookJournal } from "../../../service/hooks/hook-journal.ts";
import { eventually } from "../../storage/eventually.ts";
import { temporaryDirectory } from "../../storage/places.ts";
import { FakeHookEngine, hookContainer as container } from "./fake-hook-engine.ts";

const never = new AbortController().signal;
const log = pino({ enabled: false });

async function place(t: ExecutionContext): Promise<{
  readonly engine: FakeHookEngine;
  /** A service's life: its hooks, on the same journal. */
  readonly life: (longestMs?: number) => Promise<ContainerHooks>;
}> {
  const path = join(await temporaryDirectory(t), "hooks.json");
  const engine = new FakeHookEngine();
  const life = async (longestMs = 600_000): Promise<ContainerHooks> => {
    const journal = await HookJournal.open(path, () => t.fail());
    return new ContainerHooks(engine, journal, log, { longestMs });
  };
  return { engine, life };
}

test("commands come before the pause and after its end; what was done last is undone first", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [
    container("db", { pre: "flush", post: "unflush", pause: "true" }),
    container("web", { stop: "true" }),
    container("other", {}),
  ];
  const hooks = await life();
  t.deepEqual(await hooks.pre("blog", ["data"], never), { consistent: true, notes: [] });
  t.deepEqual(engine.calls, ["run db flush", "pause db", "stop web"]);
  engine.calls.length = 0;
  t.deepEqual(await hooks.post("blog"), { consistent: true, notes: [] });
  t.deepEqual(engine.calls, ["start web", "unpause db", "run db unflush"]);
  await hooks.post("blog");
  t.is(engine.calls.length, 3);
});

test("a service is scaled down once for all its tasks, and back to what it was", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = ["one", "two"].map((id) => container(id, { stop: "true" }, "blog_web"));
  const hooks = await life();
  await hooks.pre("blog", ["data"], never);
  await hooks.post("blog");
  t.deepEqual(engine.calls, ["scale blog_web 0", "scale blog_web 3"]);
});

test("a service that another node has scaled down is left to that node, and comes back to what it was", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("two", { stop: "true" }, "web")];
  engine.wanted = 0;
  const hooks = await life();
  t.true((await hooks.pre("blog", ["data"], never)).consistent);
  t.deepEqual(engine.calls, ["scale web 0"]);
  await hooks.post("blog");
  t.is(engine.calls.length, 1);
});

test("whether anybody asks for anything is known before anything is done", async (t) => {
  const { engine, life } = await place(t);
  const hooks = await life();
  for (const [labels, isAsked] of [
    [{}, false],
    [{ pause: "false" }, false],
    [{ pause: "true" }, true],
    [{ post: "unflush" }, true],
    [{ pauze: "true" }, true],
  ] as const) {
    engine.containers = [container("db", labels)];
    t.is(await hooks.isAsked("blog", ["data"]), isAsked, JSON.stringify(labels));
  }
  engine.containers = [{ ...container("db", { pause: "true" }), isRunning: false }];
  t.false(await hooks.isAsked("blog", ["data"]));
  t.deepEqual(engine.calls, []);
});

test("a container with volumes of two apps comes back when both are saved", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("web", { pause: "true", pre: "flush" })];
  const hooks = await life();
  t.true((await hooks.pre("blog", ["blog_data"], never)).consistent);
  engine.containers = [{ ...container("web", { pause: "true", pre: "flush" }), isRunning: false }];
  t.true((await hooks.pre("shared", ["media"], never)).consistent);
  await hooks.post("blog");
  t.deepEqual(engine.calls, ["run web flush", "pause web"]);
  await hooks.post("shared");
  t.deepEqual(engine.calls.slice(2), ["unpause web"]);
});

test("a service that two apps scale down at once comes back with as many tasks as it had", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("one", { stop: "true" }, "web")];
  const hooks = await life();
  await hooks.pre("blog", ["blog_data"], never);
  engine.wanted = 0;
  await hooks.pre("shared", ["media"], never);
  await Promise.all([hooks.post("blog"), hooks.post("shared")]);
  t.deepEqual(engine.calls.at(-1), "scale web 3");
  t.is(engine.calls.filter((call) => call === "scale web 3").length, 1);
});

test("fault 26: a container that was paused for two apps when the service was killed comes back", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("web", { pause: "true" })];
  const killed = await life();
  for (const app of ["blog", "shared"]) await killed.pre(app, [app], never);
  t.deepEqual(await (await life()).recover(), []);
  t.deepEqual(engine.calls, ["pause web", "unpause web"]);
});

test("fault 26: what a killed service left paused comes back when it starts again", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("db", { pause: "true", post: "unflush" })];
  await (await life()).pre("blog", ["data"], never);
  engine.calls.length = 0;
  const next = await life();
  t.deepEqual(await next.recover(), []);
  t.deepEqual(engine.calls, ["unpause db", "run db unflush"]);
  t.deepEqual(await next.recover(), []);
  t.is(engine.calls.length, 2);
});

test("fault 26: also one that was killed before the container was paused", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("db", { pause: "true" })];
  engine.failing.add("pause db");
  const { consistent, notes } = await (await life()).pre("blog", ["data"], never);
  t.false(consistent);
  t.regex(notes.join(), /container "db" could not be paused: the engine is away/);
  await (await life()).recover();
  t.deepEqual(engine.calls, ["pause db", "unpause db"]);
});

test("a container is brought back when a backup takes too long, and the version is known to be inconsistent", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("db", { pause: "true" })];
  const hooks = await life(20);
  await hooks.pre("blog", ["data"], never);
  await eventually("it is back", () => engine.calls.includes("unpause db"));
  const { consistent, notes } = await hooks.post("blog");
  t.false(consistent);
  t.regex(notes.join(), /brought back before the backup was done/);
});

test("one that cannot be brought back is kept in mind, and tried again before the next run", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("db", { pause: "true" })];
  engine.failing.add("unpause db");
  const hooks = await life();
  await hooks.pre("blog", ["data"], never);
  t.regex((await hooks.post("blog")).notes.join(), /"db" could not be brought back yet/);
  engine.containers = [];
  await hooks.pre("blog", ["data"], never);
  t.deepEqual(engine.calls, ["pause db", "unpause db", "unpause db"]);
});

test("a command that fails is told with the last line it said, and the backup goes on", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("db", { pre: "dump" })];
  engine.exitCode = 2;
  const { consistent, notes } = await (await life()).pre("blog", ["data"], never);
  t.false(consistent);
  t.deepEqual(notes, ['the command "dump" in container "db" ended with 2: no luck']);
});

test("labels that mean nothing are told", async (t) => {
  const { engine, life } = await place(t);
  engine.containers = [container("db", { pauze: "true", stop: "maybe" })];
  const { notes } = await (await life()).pre("blog", ["data"], never);
  t.regex(notes.join("\n"), /label swarmnfs.backup.pauze, which means nothing/);
  t.regex(notes.join("\n"), /stop=maybe: true or false was expected/);
  t.deepEqual(engine.calls, []);
});
