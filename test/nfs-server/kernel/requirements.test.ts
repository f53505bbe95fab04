import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import {
  missingRequirements,
  type RequirementWorld,
} from "../../../nfs-server/kernel/requirements.ts";
import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";

const fine: RequirementWorld = {
  filesystems: async () => "nodev\tproc\nnodev\tnfs\nnodev\tnfsd\n\text4\n",
  status: async () => "Name:\tnode\nCapEff:\t00000000a82425fb\n",
  mountinfo: async () => "22 1 8:1 / / rw - xfs /dev/sda1 rw\n",
  confinement: async () => "unconfined\n",
  tryMount: async () => undefined,
};

async function complaints(
  t: ExecutionContext,
  world: Partial<RequirementWorld>,
  data?: string,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-data-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const missing = await missingRequirements(data ?? folder, { ...fine, ...world });
  return missing.map(({ message }) => message);
}

const refused = async (): Promise<never> => {
  throw new CommandFailed("mount", {
    reason: "permission denied",
    timedOut: false,
    missing: false,
  });
};

const late = async (): Promise<never> => {
  throw new CommandFailed("mount", { reason: "no answer", timedOut: true, missing: false });
};

const on =
  (type: string): RequirementWorld["mountinfo"] =>
  async () =>
    `22 1 0:40 / / rw - ${type} source rw\n`;

test("a machine that has everything gets no complaint", async (t) => {
  t.deepEqual(await complaints(t, {}), []);
});

test("a mount that is not done in time is no sign of anything but a slow machine", async (t) => {
  t.deepEqual(await complaints(t, { tryMount: late }), []);
});

test("each thing that is missing is named with what helps, all at once", async (t) => {
  const found = await complaints(
    t,
    {
      filesystems: async () => "nodev\tnfs\n",
      status: async () => "CapEff:\t00000000a80425fb\n",
    },
    "/nowhere/at/all",
  );
  t.is(found.length, 3);
  t.regex(found[0] ?? "", /sudo modprobe nfsd/);
  t.regex(found[1] ?? "", /cap_add: \[SYS_ADMIN\]/);
  t.regex(found[2] ?? "", /\/nowhere\/at\/all does not exist/);
});

test("AppArmor is told from other refusals", async (t) => {
  const confined = await complaints(t, {
    tryMount: refused,
    confinement: async () => "docker-default (enforce)\n",
  });
  t.regex(confined.join(), /"docker-default \(enforce\)".*apparmor=unconfined/);
  const other = await complaints(t, { tryMount: refused });
  t.regex(other.join(), /permission denied.*seccomp or SELinux/);
});

test("a data directory in the container or on another server is refused", async (t) => {
  t.regex((await complaints(t, { mountinfo: on("overlay") })).join(), /lies in the container/);
  t.regex((await complaints(t, { mountinfo: on("nfs4") })).join(), /is on nfs4/);
  t.regex((await complaints(t, { mountinfo: on("fuse.sshfs") })).join(), /is on fuse.sshfs/);
  t.deepEqual(await complaints(t, { mountinfo: on("ext4") }), []);
});
