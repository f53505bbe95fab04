// What a node tells Prometheus, against what really happened there.
import test from "ava";
import * as z from "zod";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

const on = labCluster();

const M = 1024 ** 2;
const port = 2062;
const fioSchema = z.object({
  jobs: z.tuple([
    z.object({
      read: z.object({ io_bytes: z.number() }),
      write: z.object({ io_bytes: z.number() }),
    }),
  ]),
});

test("what a volume is said to have moved is what fio wrote and read, within two of a hundred", async (t) => {
  const node = on.node(1);
  await watch(node);
  const name = await on.volume("counted");
  await on.container(node, name, name, "sleep 100000");
  const place = await node.must(`ls -d /var/lib/docker/plugins/*/propagated-mount/${name}`);
  const before = await numbersOf(node, name);
  const written = (await fio(node, place.trim(), "write")).write.io_bytes;
  const read = (await fio(node, place.trim(), "read")).read.io_bytes;
  t.true(written >= 64 * M && read >= 64 * M);
  const after = await numbersOf(node, name);
  for (const [metric, bytes] of [
    ["swarmnfs_volume_written_bytes_total", written],
    ["swarmnfs_volume_read_bytes_total", read],
  ] as const) {
    const counted = (after.get(metric) ?? 0) - (before.get(metric) ?? 0);
    t.log(`${metric}: ${counted} of ${bytes}`);
    t.true(Math.abs(counted - bytes) <= bytes * 0.02, `${metric}: ${counted}, not ${bytes}`);
  }
});

test("a node whose storage is gone says so all the while, and that it is back", async (t) => {
  const node = on.node(1);
  await watch(node);
  const name = await on.volume("lonely");
  await on.container(node, name, name, "sleep 100000");
  await isUp(node, 1);
  await on.fault(on.nas, "cut");
  await isUp(node, 0);
  t.is((await numbersOf(node, name)).get("swarmnfs_volume_holders"), 1);
  await on.mend(on.nas);
  await isUp(node, 1);
});

/** The node serves its numbers to itself, until the test is over. */
async function watch(node: Machine): Promise<void> {
  const enabledWith = async (setting: string): Promise<void> => {
    await on.docker(node, "plugin disable --force swarmnfs");
    await on.docker(node, `plugin set swarmnfs SWARMNFS_METRICS=${setting}`);
    await on.docker(node, "plugin enable swarmnfs");
  };
  on.afterwards(() => enabledWith("off"));
  await enabledWith(String(port));
  await eventually(async () => (await page(node)) !== "", "it serves its metrics");
}

async function page(node: Machine): Promise<string> {
  const { stdout } = await node.run(`busybox wget -qO- http://127.0.0.1:${port}/metrics`, {
    timeout: 60_000,
  });
  return stdout;
}

/** By metric: what it says of the volume, of whatever kind. */
async function numbersOf(node: Machine, volume: string): Promise<ReadonlyMap<string, number>> {
  const lines = (await page(node)).matchAll(/^(\w+)\{volume="([^"]+)"\} (\S+)$/gm);
  return new Map(
    Array.from(lines).flatMap(([, metric = "", name, value]) =>
      name === volume ? [[metric, Number(value)] as const] : [],
    ),
  );
}

function isUp(node: Machine, expected: 0 | 1): Promise<boolean> {
  return eventually(
    async () => new RegExp(`^swarmnfs_plugin_storage_up ${expected}$`, "m").test(await page(node)),
    `the storage ${expected === 1 ? "can" : "cannot"} be used, by what the node tells`,
  );
}

async function fio(
  node: Machine,
  place: string,
  how: "read" | "write",
): Promise<z.infer<typeof fioSchema>["jobs"][0]> {
  const words = `--name=${how} --filename=${place}/counted --rw=${how} --bs=1M --size=64M --direct=1 --ioengine=psync --end_fsync=1`;
  const said = await node.must(`fio ${words} --output-format=json`, { timeout: 300_000 });
  return fioSchema.parse(JSON.parse(said.slice(said.indexOf("{")))).jobs[0];
}
