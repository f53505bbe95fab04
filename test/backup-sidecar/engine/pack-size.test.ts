import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { PackSize, parsePackSize } from "../../../backup-sidecar/engine/pack-size.ts";
import { Restic } from "../../../backup-sidecar/engine/restic.ts";
import { UserError } from "../../../service/user-error.ts";
import { startNginx } from "../servers/nginx.ts";
import { BackedUp } from "./backed-up.ts";
import { openDav } from "./dav.ts";

test("the size of packs is given in mebibytes that restic takes", (t) => {
  t.is(parsePackSize("auto"), "auto");
  t.is(parsePackSize("32M"), 32);
  for (const text of ["3M", "129M", "1G", "5000000", "big", ""])
    t.throws(() => parsePackSize(text), { instanceOf: UserError }, text);
});

test("packs are large, and small where the line is slow or the server takes no large ones", (t) => {
  t.is(new PackSize("auto", true).mebibytes, 16);
  const size = new PackSize("auto", false);
  t.is(size.mebibytes, 64);
  t.true(size.refused(64));
  t.is(size.mebibytes, 16);
  // Another app's backup has found the same out a moment before.
  t.true(size.refused(64));
  t.false(size.refused(16));
});

test("a size that was set stays", (t) => {
  const size = new PackSize(32, true);
  t.false(size.refused(32));
  t.is(size.mebibytes, 32);
});

test("fault 5: a server that takes no large packs gets smaller ones, in the same run", async (t) => {
  const place = await BackedUp.begin(t);
  const folder = path.join(place.top, "nginx");
  await mkdir(folder);
  await chmod(place.top, 0o755);
  const server = await startNginx({ folder, largestBody: "20m" });
  t.teardown(() => server.stop());
  place.dav = await openDav(t, server);
  const { world } = await place.service();
  const packs = new PackSize("auto", false);
  const restic = new Restic({ ...world.restic.place, packs });
  const { repositories, hold } = await place.service("one", { restic });
  const volume = await place.volume("blog", "blog_data", [["large", 40_000_000]]);
  const repository = await repositories.open("blog", { lease: await hold() });
  const saved = await repository.backup(place.view(volume), { host: "blog_data", tags: [] });
  t.like(saved, { outcome: "complete", bytes: 40_000_000 });
  t.is(packs.mebibytes, 16);
  t.like(await repository.check({ read: "all" }), { ok: true, errors: [] });
  const data = place.onServer("repositories/blog/data");
  const names = await readdir(data, { recursive: true });
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(path.join(data, name))).size),
  );
  t.true(Math.max(...sizes) < 20 * 1024 ** 2, sizes.join(" "));
});
