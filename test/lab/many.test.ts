// Many at once, on one node: containers on one volume, and volumes that come and go.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

const on = labCluster();

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test("twenty containers start at once on one volume", async (t) => {
  const node = on.node(2);
  const name = await on.volume("crowd");
  await on.atOnce(
    node,
    upTo(20).map((n) => [
      `run --detach --init --network none --name ${name}-${n} --volume ${name}:/d busybox sh -c`,
      `touch /d/${n}; exec sleep 3600`,
    ]),
  );
  const files = await on.says(node, `${name}-reader`, name, "ls");
  t.deepEqual(
    files
      .split("\n")
      .map(Number)
      .toSorted((a, b) => a - b),
    upTo(20),
  );
  const running = await on.docker(node, `ps --quiet --filter name=${name}-`);
  t.is(running.split("\n").length, 20);

  await on.docker(
    node,
    `rm --force ${upTo(20)
      .map((n) => `${name}-${n}`)
      .join(" ")}`,
  );
  await eventually(async () => !(await on.mounted(node)).includes(name), `${name} is unmounted`);
});

test("a hundred volumes are mounted on a node, and all are taken away at once", async (t) => {
  const node = on.node(2);
  const app = on.name("hundred");
  const volumes = upTo(100).map((n) => `v${n}-${app}`);
  const containers = upTo(4).map((n) => `${app}-${n}`);
  const mount = (volume: string): string =>
    `--mount type=volume,source=${volume},target=/${volume},volume-driver=swarmnfs,volume-opt=app=${app}`;
  await on.atOnce(
    node,
    containers.map((container, index) => {
      const mounts = volumes
        .slice(index * 25, index * 25 + 25)
        .map(mount)
        .join(" ");
      return [
        `run --detach --init --network none --name ${container} ${mounts} busybox sh -c`,
        "for each in /v*; do echo $each >$each/file; done; exec sleep 3600",
      ];
    }),
  );
  const ours = async (): Promise<string[]> =>
    (await on.mounted(node)).filter((each) => each.endsWith(app));
  t.deepEqual(await ours(), volumes.toSorted());

  await on.docker(node, `rm --force ${containers.join(" ")}`);
  await eventually(async () => (await ours()).length === 0, "none of them is mounted any more");
  t.is(await on.says(on.node(1), `${app}-reader`, volumes[0] ?? "", "cat file"), `/${volumes[0]}`);
});
