// Sizes are limits, on real disks and over real NFS: on the storage machine's XFS by the plugin, on its ext4 by a node of
// our own; and what a disk that is full or read-only does.
import test from "ava";
import { swarmnfs } from "./cli.ts";
import { labCluster } from "./cluster.ts";
import { countsOn, startCounter } from "./counter.ts";
import { eventually } from "./eventually.ts";
import { sizedDisk } from "./sized-disk.ts";
import { checkIs } from "./observations.ts";
import { StorageNode } from "./storage-node.ts";

const on = labCluster();
const mebibyte = 1024 ** 2;

/** KiB, as `df` in a container says how large its volume is. */
const sizeHere = "df -Pk /d | tail -n 1 | awk '{ print $2 }'";
// A new file each time: of an old one the client's kernel tells once more what it could not write before.
const fill = (mebibytes: number): string =>
  `rm -f /d/file; dd if=/dev/zero of=/d/file bs=1M count=${mebibytes} conv=fsync`;

/** A volume, as soon as the node finds its storage again. */
function made(word: string, ...options: string[]): Promise<string> {
  return eventually(() => on.volume(word, ...options).catch(() => null), "the node makes a volume");
}

test("on XFS a size binds root in a container from the beginning, and changes while the volume is used", async (t) => {
  t.timeout(1_800_000);
  const [node, storage] = [on.node(1), new StorageNode(on.lab)];
  on.afterwards(() => storage.restore());
  await storage.start({ SWARMNFS_ADMIN_NODES: node.name });
  const name = await made("sized", "size=20M");
  // Nobody has mounted it yet.
  const there = `/nfs_volumes/apps/${name}/${name}`;
  const { machine } = storage;
  t.is(await machine.must(`stat -f -c '%b %S' ${there}`), `${(20 * mebibyte) / 4096} 4096`);
  t.is(await machine.must(`ls -A ${there}`), "");

  const other = await on.volume("other");
  await startCounter(on, node, other, other);
  await on.container(node, name, name, "sleep 1000000");
  const inside = async (script: string): Promise<{ exitCode: number; said: string }> => {
    const { exitCode, stdout, stderr } = await on.attempt(node, `exec ${name} sh -c`, script);
    return { exitCode, said: `${stdout}${stderr}`.trim() };
  };
  const size = async (): Promise<number> => Number((await inside(sizeHere)).said);
  t.is(await size(), 20 * 1024);
  const over = await inside(fill(30));
  t.not(over.exitCode, 0);
  t.regex(over.said, /No space left on device/);
  const used = await storage.ask("usage", { name }, undefined);
  t.is(used.by, "quota");
  t.true(used.bytes > 19 * mebibyte && used.bytes <= 20 * mebibyte, `${used.bytes}`);
  // Docker is not kept waiting for the figure: an emulated node has it with the next question.
  await eventually(async () => {
    const shown = await on.docker(node, "volume inspect --format", "{{.Status.used}}", name);
    return Number(shown) === used.bytes;
  }, "docker volume inspect shows what is used");
  await countsOn(on, node, other);

  t.log(await swarmnfs(node, `volumes set ${name} size=40M`));
  t.is(await size(), 40 * 1024);
  t.is((await inside(fill(30))).exitCode, 0);
  t.is((await storage.ask("usage", { name }, undefined)).bytes, 30 * mebibyte);
  t.log(await swarmnfs(node, `volumes set ${name} size=10M`));
  t.is(await size(), 10 * 1024);
  t.regex((await inside("dd if=/dev/zero of=/d/more bs=1M count=1 conv=fsync")).said, /No space/);
  t.log(await swarmnfs(node, `volumes set ${name} size=none`));
  t.true((await size()) > 1024 ** 2);
  t.is((await inside("dd if=/dev/zero of=/d/more bs=1M count=1 conv=fsync")).exitCode, 0);
  await swarmnfs(node, `volumes set ${name} size=40M`);

  // It comes back from the trash with its limit.
  await on.docker(node, `rm --force ${name}`);
  await eventually(
    async () => (await on.attempt(node, `volume rm ${name}`)).exitCode === 0,
    `${name} can be removed`,
  );
  const { entries } = await storage.ask("trash", {}, undefined);
  const entry = entries.find(({ record }) => record.volume.name === name);
  await storage.ask("undelete", {}, { entry: entry?.id ?? "", as: null });
  t.is(await machine.must(`stat -f -c '%b %S' ${there}`), `${(40 * mebibyte) / 4096} 4096`);
  const again = await eventually(async () => {
    const outcome = await on.inContainer(node, name, name, `${sizeHere}; ${fill(60)}`);
    return outcome.stdout !== "" && outcome;
  }, `${name} can be mounted again`);
  t.is(Number(again.stdout), 40 * 1024);
  t.regex(again.stderr, /No space left on device/);
});

test("on ext4 a size binds whom it squashes; that it does not bind root otherwise is said", async (t) => {
  t.timeout(1_800_000);
  const { storage, node, mount, container } = await sizedDisk(on, "ext4");
  const options = { size: "20M", hosts: node.name };
  const [squashed, open] = [on.name("squashed"), on.name("open")];
  const warning = /does not bind root in a container.*squash=app/;
  const notes = async (): Promise<string> =>
    (await storage.ask("health", {}, undefined)).notes.join("\n");
  const squash = { ...options, squash: "app", uid: "1000" };
  await node.ask("createVolume", {}, { name: squashed, options: squash });
  t.notRegex(await notes(), warning);
  await node.ask("createVolume", {}, { name: open, options });
  t.regex(await notes(), warning);
  t.log(await notes());

  await mount([squashed, open]);
  t.is(Number((await container(squashed, sizeHere)).stdout), 20 * 1024);
  const over = await container(squashed, fill(30));
  t.not(over.exitCode, 0);
  t.regex(over.stderr, /Disk quota exceeded/i);
  t.is((await container(open, fill(30))).exitCode, 0, "root is not limited there");
  t.is((await container(open, "chmod 777 /d")).exitCode, 0);
  const user = await container(open, fill(1).replaceAll("file", "users"), "--user 1000");
  t.regex(user.stderr, /Disk quota exceeded/i);

  await storage.ask("changeVolume", { name: squashed }, { size: 40 * mebibyte });
  t.is(Number((await container(squashed, sizeHere)).stdout), 40 * 1024);
  t.like(await container(squashed, fill(30)), { exitCode: 0 });
  await storage.ask("changeVolume", { name: squashed }, { size: 10 * mebibyte });
  const { by, bytes } = await storage.ask("usage", { name: squashed }, undefined);
  t.is(by, "quota");
  t.log(`used: ${bytes} of ${10 * mebibyte}`);
  const more = "dd if=/dev/zero of=/d/more bs=1M count=1 conv=fsync";
  t.regex((await container(squashed, more)).stderr, /Disk quota exceeded/i);
});

test("a data disk that is full is said to be so until there is room again", async (t) => {
  t.timeout(1_200_000);
  const [node, machine] = [on.node(1), on.lab.storage];
  const name = await made("filled");
  await on.container(node, name, name, "sleep 1000000");
  const write = `exec ${name} sh -c`;
  const script = "dd if=/dev/zero of=/d/file bs=64k count=16 conv=fsync";
  t.is((await on.attempt(node, write, script)).exitCode, 0);
  await on.fault(machine, "disk-full");
  t.regex(await checkIs(machine, "disk", "failed"), /data disk is full/);
  const refused = await on.attempt(node, write, script.replace("file", "more"));
  t.regex(refused.stderr, /No space left on device/);
  // Who has something mounted goes on, and a container can still start on a full disk.
  t.is((await on.inContainer(node, `${name}-2`, name, "ls")).exitCode, 0);
  await on.mend(machine);
  t.is(await checkIs(machine, "disk", "ok"), "");
  t.is((await on.attempt(node, write, script.replace("file", "more"))).exitCode, 0);
});

test("a data disk that has become read-only is said to be so until it can be written again", async (t) => {
  t.timeout(1_200_000);
  const [node, machine] = [on.node(1), on.lab.storage];
  const name = await made("frozen");
  await on.container(node, name, name, "sleep 1000000");
  const write = (file: string): ReturnType<typeof on.attempt> =>
    on.attempt(
      node,
      `exec ${name} sh -c`,
      `echo text >/d/${file} && sync /d/${file} && cat /d/${file}`,
    );
  t.is((await write("before")).exitCode, 0);
  const writable = "mount -o remount,rw /nfs_volumes";
  on.afterwards(() => machine.run(writable));
  // As the kernel does it to a disk in trouble: whoever has files open there is not asked. All others are well at once.
  await machine.must(
    `echo u >/proc/sysrq-trigger
    until grep -q ' /nfs_volumes xfs ro' /proc/mounts; do sleep 0.2; done
    for place in / /var/lib/docker /srv/ext4 /srv/btrfs; do mount -o remount,rw $place || exit 1; done`,
    { timeout: 60_000 },
  );
  t.regex(await checkIs(machine, "disk", "failed"), /mounted read-only/);
  const refused = await write("after");
  t.regex(refused.stderr, /Read-only file system/);
  t.is((await on.attempt(node, `exec ${name} cat /d/before`)).stdout.trim(), "text");
  await machine.must(writable);
  t.is(await checkIs(machine, "disk", "ok"), "");
  t.is((await write("after")).exitCode, 0);
});
