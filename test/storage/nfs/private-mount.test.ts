import test from "ava";
import { PrivateMount } from "../../../storage/nfs/private-mount.ts";
import type { Attachment } from "../../../storage/storage.ts";
import { failed, mountTable } from "./mount-table.ts";

const place = "/mnt/storage";
const cover = "swarmnfs-cover";

function export5(source = "10.0.0.5:/volume1"): Attachment {
  return { type: "nfs4", source, options: ["vers=4.1", "noexec"] };
}

test("an export is mounted over an empty read-only cover, and proved", async (t) => {
  const table = mountTable();
  const mount = new PrivateMount(place, table);
  t.false(await mount.proves(export5()));
  await mount.mount(export5());
  t.true(await mount.proves(export5()));
  t.deepEqual(
    table.mounts.map(({ source, options }) => [source, options]),
    [
      [cover, "rw,ro,size=4k,mode=000"],
      ["10.0.0.5:/volume1", "rw,nosuid,nodev,vers=4.1,noexec"],
    ],
  );
});

test("what cannot be mounted leaves the cover, which passes for nothing", async (t) => {
  const table = mountTable();
  table.fail = () => failed("mount.nfs4: Connection refused");
  const mount = new PrivateMount(place, table);
  await t.throwsAsync(mount.mount(export5()), { name: "CommandFailed" });
  t.deepEqual(
    table.mounts.map(({ source }) => source),
    [cover],
  );
  t.false(await mount.proves(export5()));
});

test("whatever was there is taken away first, and other places are left alone", async (t) => {
  const table = mountTable();
  table.mounts.push({ type: "ext4", source: "/dev/sdb", place: "/mnt/other", options: "rw" });
  const mount = new PrivateMount(place, table);
  await mount.mount(export5());
  await mount.mount(export5("10.0.0.6:/volume1"));
  t.deepEqual(
    table.mounts.map(({ source }) => source),
    ["/dev/sdb", cover, "10.0.0.6:/volume1"],
  );
  t.false(await mount.proves(export5()));
  await mount.clear();
  t.is(table.mounts.length, 1);
});

test("another export, or one mounted with fewer precautions, is not what was asked for", async (t) => {
  const table = mountTable();
  const mount = new PrivateMount(place, table);
  const add = (source: string, options: string): number =>
    table.mounts.push({ type: "nfs4", source, place, options });
  add("10.0.0.5:/volume1", "rw,nosuid,nodev,noexec");
  t.true(await mount.proves(export5()));
  add("10.0.0.5:/volume2", "rw,nosuid,nodev,noexec");
  t.false(await mount.proves(export5()));
  add("10.0.0.5:/volume1", "rw,nosuid,nodev");
  t.false(await mount.proves(export5()));
});
