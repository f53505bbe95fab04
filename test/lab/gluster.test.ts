// dir:// on GlusterFS, replica 3, on the nodes of a lab, as docs/scale.md and deploy/gluster have it. In the end the plugins have
// the NAS as their storage again.
import test from "ava";
import type { Machine } from "../../lab/machine.ts";
import { pluginSettings } from "../../lab/swarm.ts";
import { Gluster, type GlusterNode } from "../scale/gluster.ts";
import { labCluster } from "./cluster.ts";
import { runConformance } from "./conformance/on-machine.ts";
import { eventually, say } from "./eventually.ts";
import { linesOf, Writer } from "./writer.ts";

const on = labCluster();
const place = "/srv/swarm";
/** Milliseconds in which an emulated machine does what takes a moment elsewhere. */
const patience = 300_000;
/** Where the plugin's own Node is. */
const node = "/var/lib/docker/plugins/*/rootfs/usr/local/bin/node";
const onGluster = `'SWARMNFS_STORAGE=dir://${place}?mount=fuse.glusterfs' storage.source=/srv`;

let gluster: Gluster;

/** Machines of GlusterFS know each other by their addresses. */
function glusterNode(machine: Machine): GlusterNode {
  return {
    address: machine.plan.address,
    must: (script, options) => machine.must(script, options),
  };
}

async function setPlugin(machine: Machine, settings: string): Promise<void> {
  await machine.must(
    `docker plugin disable --force swarmnfs; docker plugin set swarmnfs ${settings} && docker plugin enable swarmnfs`,
    { timeout: patience },
  );
}

test.before(async (t) => {
  t.timeout(1_800_000);
  gluster = await Gluster.make(on.nodes.map(glusterNode), 600_000);
  for (const machine of on.nodes) {
    // As deploy/gluster/srv.mount does; the lab's machines have no systemd.
    await machine.must(
      `echo '/srv /srv none bind,shared 0 0' >/etc/lab-fstab; mkdir -p ${place}; mountpoint -q /srv || mount --bind --make-shared /srv /srv`,
    );
  }
});

test.after.always(async (t) => {
  t.timeout(1_200_000);
  await on.leader.run(
    "docker volume ls --quiet --filter driver=swarmnfs | xargs --no-run-if-empty docker volume rm",
    { timeout: patience },
  );
  for (const machine of on.nodes) {
    await setPlugin(machine, `${pluginSettings} storage.source=/sys/class`);
    await machine.run(
      `rm -f /etc/lab-fstab; umount --lazy ${place}; umount --lazy /srv; pkill gluster`,
    );
  }
});

test.serial(
  "the conformance suite of storages passes on it, seen through two mounts",
  async (t) => {
    t.timeout(2_700_000);
    const machine = on.node(1);
    const mounts = ["/mnt/first", "/mnt/second"];
    for (const mount of mounts) await gluster.mount(glusterNode(machine), mount, patience);
    t.is(await runConformance(machine, "directory", node, mounts), 0);
    await machine.must(`umount ${mounts.join(" ")}`);
  },
);

test.serial(
  "plugins begin nothing where it is not mounted, and take it up when it is",
  async (t) => {
    t.timeout(1_800_000);
    for (const machine of on.nodes) await setPlugin(machine, onGluster);
    const made = await on.attempt(
      on.node(3),
      `volume create -d swarmnfs -o app=early ${on.name("early")}`,
    );
    t.not(made.exitCode, 0);
    t.regex(
      made.stderr,
      /is not mounted on this node: a mount of type fuse\.glusterfs was expected/,
    );
    t.is(await on.node(3).must(`ls -A ${place}`), "");
    for (const machine of on.nodes) await gluster.mount(glusterNode(machine), place, patience);
    for (const machine of on.nodes)
      await eventually(
        async () =>
          (await on.attempt(machine, "volume ls --quiet --filter driver=swarmnfs")).exitCode === 0,
        `Docker lists volumes on ${machine.name}`,
      );
    const name = on.name("shared");
    await eventually(
      async () =>
        (await on.attempt(on.leader, `volume create -d swarmnfs -o app=${name} ${name}`))
          .exitCode === 0,
      "a volume is made",
      patience,
    );
    await on.says(on.node(1), `${name}-writes`, name, "echo here >/d/file");
    t.is(await on.says(on.node(3), `${name}-reads`, name, "cat /d/file"), "here");
  },
);

test.serial(
  "a node unplugged while another one writes: nothing acknowledged is missing, and it has all when it is back",
  async (t) => {
    t.timeout(2_700_000);
    const lost = on.node(3);
    const volume = await on.volume("written");
    const writer = await Writer.start(on, on.node(1), `${volume}-1`, volume);
    await writer.beyond(20, patience);
    await on.fault(lost, "power-off");
    await writer.beyond((await writer.acknowledged()) + 20, patience);
    say(`the writer paused for ${await writer.longestPause()} s`);
    await on.mend(lost);
    // Its Docker and its plugin came up before GlusterFS did.
    t.is(await lost.must(`ls -A ${place}`), "");
    await gluster.start(glusterNode(lost));
    await eventually(
      () =>
        gluster.mount(glusterNode(lost), place, patience).then(
          () => true,
          () => false,
        ),
      "it can be mounted",
      patience,
    );
    await writer.beyond((await writer.acknowledged()) + 20, patience);
    await writer.stop();
    const acknowledged = await writer.acknowledged();
    await gluster.isWhole(900_000);
    t.is(await gluster.splitBrains(), 0);
    const file = `apps/${volume}/${volume}/${writer.name}`;
    const copies = await Promise.all(
      on.nodes.map((machine) => gluster.onBrick(glusterNode(machine), file)),
    );
    const [copy = ""] = copies;
    t.is(new Set(copies).size, 1);
    t.true(linesOf(copy) >= acknowledged);
    t.is(await on.says(lost, `${volume}-reads`, volume, `cat /d/${writer.name}`), copy);
  },
);
