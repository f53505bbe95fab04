import { readFile } from "node:fs/promises";
import test from "ava";
import { pino } from "pino";
import { NodeHooks } from "../../backup-sidecar/source/node-hooks.ts";
import { systemClock } from "../../service/clock.ts";
import { noHooks } from "../../service/hooks/hooks.ts";
import { DirectoryStorage } from "../../storage/directory/directory-storage.ts";
import { engineUnderTest, until } from "./engine-under-test.ts";
import { crashPlugin } from "./plugin-crash.ts";

const never = new AbortController().signal;
const data = "/var/lib/swarmnfs/data";

test("the plugin does what containers ask for around a backup of a service on another node, and brings them back", async (t) => {
  const engine = await engineUnderTest(t);
  const { cli } = engine;
  const start = async (app: string, name: string, ...labels: string[]): Promise<void> => {
    const given = labels.flatMap((label) => ["--label", `swarmnfs.backup.${label}`]);
    const script = "trap exit TERM; while :; do sleep 1; done";
    const image = ["--volume", `${app}_data:/data`, "busybox", "sh", "-c", script];
    await cli.run("run", "--detach", "--name", `${app}-${name}`, ...given, ...image);
  };
  for (const app of ["blog", "shop"])
    await cli.run("volume", "create", "-d", "swarmnfs", "-o", `app=${app}`, `${app}_data`);
  await start("blog", "db", "pre=echo saved >/data/dump", "post=rm /data/dump", "pause=true");
  await start("blog", "web", "stop=true");
  await start("shop", "db", "pause=true");
  const states = async (): Promise<Record<string, string>> => {
    const lines = await cli.run("ps", "--all", "--format", "{{.Names}} {{.State}}");
    return Object.fromEntries(
      lines.split("\n").map((line) => line.split(" ")) as [string, string][],
    );
  };
  const allRun = { "blog-db": "running", "blog-web": "running", "shop-db": "running" };

  const place = { url: `dir://${data}`, path: engine.at(data), trashDays: 30, makeRoot: false };
  const storage = new DirectoryStorage(place, { clock: systemClock });
  await storage.open(null);
  t.teardown(() => storage.close());
  const hooks = new NodeHooks({
    storage,
    own: noHooks,
    engine: null,
    node: "backups",
    clock: systemClock,
    log: pino({ enabled: false }),
  });
  const fine = { consistent: true, notes: [] };
  t.deepEqual(await hooks.pre("blog", ["blog_data"], never), fine);
  t.deepEqual(await states(), { ...allRun, "blog-db": "paused", "blog-web": "exited" });
  t.is(await readFile(engine.at(`${data}/apps/blog/blog_data/dump`), "utf8"), "saved\n");
  t.deepEqual(await hooks.post("blog"), fine);
  t.deepEqual(await states(), allRun);
  await t.throwsAsync(readFile(engine.at(`${data}/apps/blog/blog_data/dump`)), { code: "ENOENT" });

  t.deepEqual(await hooks.pre("blog", ["blog_data"], never), fine);
  t.is((await states())["blog-db"], "paused");
  await crashPlugin(engine);
  await until(
    "all run again",
    async () => {
      const now = await states();
      return Object.values(now).every((state) => state === "running");
    },
    90_000,
  );
  const { consistent, notes } = await hooks.post("blog");
  t.false(consistent);
  t.regex(notes.join(), /brought its containers back before the backup was done/);
});
