// What swarmnfs clean docker finds and removes, on a real engine.
import test from "ava";
import { loadBusybox } from "../../engine-box/busybox-image.ts";
import { PrivateEngine } from "../../engine-box/private-engine.ts";
import { provideBase } from "../../rootfs-build/base.ts";
import { DockerWasteBin } from "../../plugin/waste/docker-waste-bin.ts";

test("of an engine's waste all goes that nothing uses, and nothing else", async (t) => {
  const engine = await PrivateEngine.start({ hostname: "waste" });
  t.teardown(() => engine.stop());
  const docker = async (line: string): Promise<string> =>
    (await engine.cli.run(...line.split(" "))).trim();
  const { busybox } = await provideBase(["debootstrap"]);
  await loadBusybox(engine.cli, busybox);
  await loadBusybox(engine.cli, busybox, "old");
  // The second takes the first one's name.
  await loadBusybox(engine.cli, busybox, "old");
  await docker("run --name ended -v /data busybox true");
  await docker("rm ended");
  await docker("run --name over --label stage=test busybox true");
  await docker("run --name dear --label swarmnfs.keep busybox true");
  await docker("run --detach --name busy -v /data busybox sleep 1000");
  await docker("create --name resting --restart unless-stopped busybox true");
  await docker("volume create named");

  const bin = new DockerWasteBin(engine.socket);
  const soon = `${new Date(Date.now() + 60_000).toISOString().slice(0, 19)}Z`;
  const found = await bin.find(soon);
  const kinds = found.map(({ kind, name }) => (kind === "container" ? `${kind} ${name}` : kind));
  t.deepEqual(kinds, ["container over", "image", "volume"]);
  t.deepEqual(await bin.find("2026-01-01T00:00:00Z"), [], "nothing is as old as that");
  const busy = await docker("inspect --format {{.Id}} busy");
  await t.throwsAsync(bin.remove({ kind: "container", id: busy }, soon), { code: "in-use" });
  for (const each of found) await bin.remove(each, soon);
  await bin.remove({ kind: "build-cache", id: "build-cache" }, soon);
  t.deepEqual(await bin.find(soon), []);
  t.is(await docker("ps --all --format {{.Names}}"), "resting\nbusy\ndear");
  t.regex(await docker("volume ls --quiet"), /^named$/m);
});
