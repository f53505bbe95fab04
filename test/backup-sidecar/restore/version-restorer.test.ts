import { chmod, chown, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { create, node1 } from "../../storage/conformance.ts";
import { Restorable } from "../restorable.ts";

const first = "2026-03-01T06:00:13Z";
const second = "2026-03-01T12:00:09Z";

/** A volume with two versions, of which the second lacks a file. */
async function twoVersions(place: Restorable): Promise<void> {
  const folder = place.folder("blog_data");
  await chown(folder, 70, 80);
  await chmod(folder, 0o2770);
  await mkdir(join(folder, "posts"));
  await writeFile(join(folder, "posts/one"), "first");
  await writeFile(join(folder, "posts/two"), "two");
  await writeFile(join(folder, "config"), "first");
  await place.save("blog_data", first);
  await writeFile(join(folder, "posts/one"), "later");
  await writeFile(join(folder, "config"), "later");
  await place.save("blog_data", second);
}

test.serial(
  "fault 44: a version comes back as a new volume, which says how far it is and is compared at the end",
  async (t) => {
    const place = await Restorable.begin(t);
    await twoVersions(place);
    const seen: number[] = [];
    const report = await place.restorer().restore(
      {
        source: "blog",
        at: "2026-03-01T06:00",
        paths: [],
        to: { kind: "volume", name: "rescued" },
      },
      { onProgress: ({ bytes }) => seen.push(bytes) },
    );
    t.like(report, {
      volume: "rescued",
      app: "blog",
      at: "2026-03-01T06:00:13.000Z",
      differences: [],
      displaced: null,
    });
    t.is(report.files, 4);
    const folder = place.folder("rescued");
    t.is(await readFile(join(folder, "posts/one"), "utf8"), "first");
    const { uid, gid, mode } = await stat(folder);
    t.deepEqual([uid, gid, mode & 0o7777], [70, 80, 0o2770]);
    t.is((await place.record("rescued")).state, "ready");
    t.is(await readFile(join(place.folder("blog_data"), "config"), "utf8"), "later");
  },
);

test.serial(
  "what somebody creates from a version is filled by itself, also when the volume is gone for good",
  async (t) => {
    const place = await Restorable.begin(t);
    await twoVersions(place);
    await place.storage.remove("blog_data", node1);
    const [entry] = await place.storage.trash();
    await place.storage.purge([entry?.id ?? ""], node1);
    await create(place.storage, "again", { from: `blog_data@${first}` });
    t.is((await place.storage.fill("again", node1)).state, "filling");
    const restorer = place.restorer();
    await restorer.round();
    await restorer.settled();
    t.is((await place.record("again")).state, "ready");
    t.is(await readFile(join(place.folder("again"), "config"), "utf8"), "first");
  },
);

test.serial(
  "fault 42: a volume goes back to a version in its place: what is not in it is gone, and in the trash",
  async (t) => {
    const place = await Restorable.begin(t);
    await twoVersions(place);
    const folder = place.folder("blog_data");
    await writeFile(join(folder, "only now"), "now");
    const report = await place.restorer().restore({
      source: "blog_data",
      at: first,
      paths: [],
      to: { kind: "in-place", force: false },
    });
    t.deepEqual((await readdir(folder)).toSorted(), ["config", "posts"]);
    t.is(await readFile(join(folder, "config"), "utf8"), "first");
    const displaced = join(place.place.storage, ".swarmnfs/trash", report.displaced ?? "", "data");
    t.deepEqual((await readdir(displaced)).toSorted(), ["config", "only now", "posts"]);
  },
);

test.serial("fault 44: single files in place; the rest is as it is now", async (t) => {
  const place = await Restorable.begin(t);
  await twoVersions(place);
  const folder = place.folder("blog_data");
  await place.restorer().restore({
    source: "blog",
    at: first,
    paths: ["posts/o*"],
    to: { kind: "in-place", force: false },
  });
  t.is(await readFile(join(folder, "posts/one"), "utf8"), "first");
  t.is(await readFile(join(folder, "config"), "utf8"), "later");
  const kept = (await readdir(join(folder, "posts"))).find((name) => name.includes(".before-"));
  t.is(await readFile(join(folder, "posts", kept ?? ""), "utf8"), "later");
});

test.serial("fault 44: a directory to a new volume", async (t) => {
  const place = await Restorable.begin(t);
  await twoVersions(place);
  const report = await place
    .restorer()
    .restore({ source: "blog", at: null, paths: ["/posts"], to: { kind: "volume", name: null } });
  t.is(report.volume, "blog_data_restored");
  t.deepEqual(await readdir(place.folder("blog_data_restored")), ["posts"]);
  t.deepEqual(report.differences, []);
});

test.serial(
  "fault 45: in place is refused while a container has the volume, and by force says which",
  async (t) => {
    const place = await Restorable.begin(t);
    await twoVersions(place);
    await place.storage.attach("blog_data", node1, ["blog_web"]);
    const request = { source: "blog", at: first, paths: [] };
    await t.throwsAsync(
      place.restorer().restore({ ...request, to: { kind: "in-place", force: false } }),
      {
        code: "in-use",
        message: /"blog_data" is mounted on node1 \(blog_web/,
      },
    );
    const report = await place
      .restorer()
      .restore({ ...request, to: { kind: "in-place", force: true } });
    t.deepEqual(report.restart, ["node1: blog_web"]);
  },
);

test.serial(
  "fault 46: a version that does not fit is refused before anything is written, and leaves no volume",
  async (t) => {
    const place = await Restorable.begin(t);
    await twoVersions(place);
    const storage = place.withRoom(10);
    await t.throwsAsync(
      place.restorer({ storage }).restore({
        source: "blog",
        at: null,
        paths: [],
        to: { kind: "volume", name: "small" },
      }),
      { code: "full", message: /holds 13, and for "small" there is room for 10/ },
    );
    t.is(await place.storage.get("small"), null);
  },
);

for (const [title, request, code, message] of [
  [
    "an app that has no backup",
    { source: "shop" },
    "not-found",
    /no backup of an app or a volume "shop"/,
  ],
  [
    "a time before the first",
    { at: "2025-01-01" },
    "not-found",
    /the oldest is of 2026-03-01T06:00:13Z/,
  ],
  ["a path that leads out", { paths: ["../etc"] }, "invalid", /no path below the volume's top/],
  ["a volume that exists", { to: { kind: "volume", name: "blog_data" } }, "conflict", /--to NAME/],
  ["a path that is not in it", { paths: ["/nothing"] }, "not-found", /nothing like \/nothing/],
] as const)
  test.serial(`refused, with what to do: ${title}`, async (t) => {
    const place = await Restorable.begin(t);
    await twoVersions(place);
    const usual = {
      source: "blog",
      at: null,
      paths: [],
      to: { kind: "volume", name: "new" },
    } as const;
    await t.throwsAsync(place.restorer().restore({ ...usual, ...request }), { code, message });
    t.is(await place.storage.get("new"), null);
  });

test.serial(
  "fault 43: a restore that was interrupted goes on by itself, with what there is already",
  async (t) => {
    const place = await Restorable.begin(t);
    await twoVersions(place);
    await create(place.storage, "rescued", { from: `blog_data@${first}` });
    const staged = await place.storage.beginRestore("rescued", null, node1);
    const staging = join(place.place.storage, ...staged.folders);
    // Half of one file, something that does not belong there, and nothing of the rest.
    await writeFile(join(staging, "config"), "fir");
    await writeFile(join(staging, "rubbish"), "x");
    const restorer = place.restorer();
    await restorer.round();
    await restorer.settled();
    t.is((await place.record("rescued")).state, "ready");
    t.is(await readFile(join(place.folder("rescued"), "config"), "utf8"), "first");
    t.deepEqual((await readdir(place.folder("rescued"))).toSorted(), ["config", "posts"]);
  },
);

test.serial("a restore that somebody ends leaves nothing behind", async (t) => {
  const place = await Restorable.begin(t);
  await twoVersions(place);
  const stop = new AbortController();
  const restorer = place.restorer({
    open: async (app) => {
      stop.abort();
      return place.repository(app);
    },
  });
  const request = {
    source: "blog",
    at: null,
    paths: [],
    to: { kind: "volume", name: "no" },
  } as const;
  await t.throwsAsync(restorer.restore(request, { signal: stop.signal }));
  t.is(await place.storage.get("no"), null);
});
