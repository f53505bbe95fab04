import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import type { PrivateEngine } from "../../engine-box/private-engine.ts";
import type { BenchReport } from "../../storage/bench-report.ts";
import { fileEngine } from "./file-engine.ts";
import { until } from "./engine-under-test.ts";
import { crashPlugin } from "./plugin-crash.ts";

const root = path.join(import.meta.dirname, "../..");
const data = "/var/lib/swarmnfs/data";

const shared = fileEngine("bench");

/** What is left of measuring: containers, volumes of any driver, and what the storage and the plugin know. */
async function left(engine: PrivateEngine): Promise<readonly string[]> {
  const { cli } = engine;
  const containers = await cli.run("ps", "--all", "--quiet", "--filter", "label=swarmnfs.bench");
  const volumes = await cli.run("volume", "ls", "--format", "{{.Driver}} {{.Name}}");
  const trash = await readdir(engine.at(`${data}/.swarmnfs/trash`)).catch(() => []);
  const apps = await readdir(engine.at(`${data}/apps`));
  const folders = await Promise.all(apps.map((app) => readdir(engine.at(`${data}/apps/${app}`))));
  const noted = JSON.parse(await readFile(engine.at("/var/lib/swarmnfs/bench.json"), "utf8")) as {
    volumes: readonly string[];
  };
  return [
    ...containers.split("\n").filter(Boolean),
    ...volumes.split("\n").filter((line) => /^local |bench/.test(line)),
    ...trash.filter((entry) => entry.includes("bench")),
    ...folders.flat().filter((folder) => folder.includes("bench")),
    ...noted.volumes,
  ];
}

async function makeVolume(name: string): Promise<void> {
  const options = ["-o", "app=blog", "-o", "services=blog_web", "-o", "uid=70", "-o", "gid=70"];
  await shared.engine.cli.run("volume", "create", "-d", "swarmnfs", ...options, name);
}

/** Begins to measure, and settles when the first round runs: its process, as the engine's machine counts. */
async function begin(volume: string): Promise<number> {
  const { engine } = shared;
  const command = path.join(root, "cli/main.ts");
  await engine.launch("bench", process.execPath, command, "bench", volume);
  await until("a container measures", async () => {
    return (await engine.cli.run("ps", "--quiet", "--filter", "label=swarmnfs.bench")) !== "";
  });
  const { stdout } = await engine.run("pgrep", ["--full", `main.ts bench ${volume}`]);
  return Number(stdout.split("\n")[0]);
}

async function nothingLeft(t: ExecutionContext): Promise<void> {
  await until("nothing is left", async () => (await left(shared.engine)).length === 0, 90_000);
  t.pass();
}

test.serial("without its image it says how to load it", async (t) => {
  await makeVolume("early");
  const { exitCode, stderr } = await shared.swarmnfs("bench early --quick");
  t.is(exitCode, 1);
  t.regex(stderr, /no image swarmnfs\/bench.*make images.*docker load --input/s);
});

test.serial("a volume is measured beside the node's disk, and nothing is left", async (t) => {
  const { engine } = shared;
  await engine.cli.run("load", "--input", path.join(root, "dist/bench/swarmnfs-bench.tar"));
  await makeVolume("db");
  const { exitCode, stdout, stderr } = await shared.swarmnfs("bench db --quick --json");
  t.is(exitCode, 0, stderr);
  const report = JSON.parse(stdout) as BenchReport;
  t.log(
    report.figures.map(
      ({ what, unit, values }) =>
        `${what}: ${values["volume"]?.median} ${unit}, disk ${values["node"]?.median}`,
    ),
  );
  t.deepEqual(
    report.figures.map(({ id }) => id),
    [
      "database-read",
      "database-write",
      "database-commit",
      "web-read",
      "streaming-write",
      "streaming-read",
      "files-create",
      "files-stat",
      "files-delete",
    ],
  );
  for (const { id, values } of report.figures)
    for (const place of ["volume", "node"]) {
      const value = values[place];
      t.is(value?.rounds.length, 3, id);
      t.true((value?.median ?? 0) > 0, id);
      t.true((value?.p50 ?? 0) <= (value?.p99 ?? 0), id);
    }
  t.deepEqual(report.remains, []);
  t.deepEqual(await left(engine), []);
});

test.serial("whoever presses Ctrl-C leaves nothing behind", async (t) => {
  await makeVolume("left");
  const pid = await begin("left");
  await shared.engine.run("kill", ["-INT", String(pid)]);
  await nothingLeft(t);
});

test.serial("what a plugin that was killed left behind, the next one takes away", async (t) => {
  await makeVolume("killed");
  await begin("killed");
  await crashPlugin(shared.engine);
  await nothingLeft(t);
});
