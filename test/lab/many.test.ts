// Many at once, on one node: containers on one volume, and volumes that come and go.
import test, { type ExecutionContext } from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { startAtOnce } from "./start-at-once.ts";

const on = labCluster();

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test("twenty containers start at once on one volume", async (t) => {
  const node = on.node(2);
  const name = await on.volume("crowd");
  const containers = upTo(20).map((n) => `${name}-${n}`);
  for (const each of containers)
    await on.docker(
      node,
      `create --init --network none --name ${each} --volume ${name}:/d busybox sh -c`,
      `touch /d/${each}; exec sleep 3600`,
    );
  await startAll(t, node, containers);
  const files = await eventually(async () => {
    const list = (await on.says(node, `${name}-reader`, name, "ls")).split("\n");
    return list.length === 20 && list;
  }, "all have written");
  t.deepEqual(files, containers.toSorted());

  await on.docker(node, `rm --force ${containers.join(" ")}`);
  await eventually(async () => !(await on.mounted(node)).includes(name), `${name} is unmounted`);
});

test("a hundred volumes are mounted on a node, and all are taken away at once", async (t) => {
  const node = on.node(2);
  const app = on.name("hundred");
  const volumes = upTo(100).map((n) => `v${n}-${app}`);
  const containers = upTo(4).map((n) => `${app}-${n}`);
  const mount = (volume: string): string =>
    `--mount type=volume,source=${volume},target=/${volume},volume-driver=swarmnfs,volume-opt=app=${app}`;
  for (const [index, each] of containers.entries()) {
    const mounts = volumes.slice(index * 25, index * 25 + 25).map(mount);
    await on.docker(
      node,
      `create --init --network none --name ${each} ${mounts.join(" ")} busybox sh -c`,
      "for each in /v*; do echo $each >$each/file; done; exec sleep 3600",
    );
  }
  await startAll(t, node, containers);
  const ours = async (): Promise<string[]> =>
    (await on.mounted(node)).filter((each) => each.endsWith(app));
  t.deepEqual(await ours(), volumes.toSorted());

  await on.docker(node, `rm --force ${containers.join(" ")}`);
  await eventually(async () => (await ours()).length === 0, "none of them is mounted any more");
  const [first = ""] = volumes;
  t.is(await on.says(on.node(1), `${app}-reader`, first, "cat file"), `/${first}`);
});

/** Starts containers at once; Docker answers 204 to a start that went well. */
async function startAll(
  t: ExecutionContext,
  node: Machine,
  containers: readonly string[],
): Promise<void> {
  const starts = await startAtOnce(node, containers);
  const refused = starts.filter(({ status }) => status !== 204);
  t.deepEqual(refused, []);
  t.log(`started within ${Math.max(...starts.map(({ seconds }) => seconds))} s`);
}
