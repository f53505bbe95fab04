import { chown, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { execa } from "execa";
import { runApp } from "../../../backup-sidecar/engine/run.ts";
import { judgeExtent, judgeLook, lastGood } from "../../../backup-sidecar/source/source-guard.ts";
import { lookAtSource } from "../../../backup-sidecar/source/source-look.ts";
import type { SourceView } from "../../../backup-sidecar/source/source-view.ts";
import { directoryStorage, temporaryDirectory } from "../../storage/places.ts";
import { AppUnderTest } from "../engine/app-under-test.ts";

const rules = { shrinkLimit: 0.5 };
const last = { files: 1000, bytes: 1e9 };

for (const [title, now, reason] of [
  ["a third gone is as volumes are", { files: 670, bytes: 7e8 }, null],
  ["most files gone", { files: 30, bytes: 1e9 }, "97 % of its files are gone"],
  ["most data gone", { files: 1000, bytes: 1e8 }, "90 % of its data is gone"],
  [
    "nearly all rewritten",
    { files: 1000, bytes: 1e9, filesChanged: 900, bytesAdded: 5e8 },
    "90 % of its files were rewritten since the last version",
  ],
  [
    "nearly all restored: other files, with nothing new in them",
    { files: 1000, bytes: 1e9, filesChanged: 900, bytesAdded: 2e5 },
    null,
  ],
  ["grown", { files: 5000, bytes: 9e9, filesChanged: 10, bytesAdded: 8e9 }, null],
] as const)
  test(`fault 31: what a volume holds is held against what it held: ${title}`, (t) => {
    const verdict = judgeExtent({ filesChanged: 0, bytesAdded: 0, ...now }, last, rules);
    t.is(verdict.kind === "suspect" ? verdict.reason : null, reason);
  });

test("fault 31: what was never saved may well be empty, and small volumes may change by half", (t) => {
  const top = { uid: 0, gid: 0, mode: 0o755 };
  t.is(judgeLook({ kind: "there", empty: true, top }, null).kind, "fine");
  t.is(judgeLook({ kind: "there", empty: true, top }, last).kind, "suspect");
  for (const [now, before] of [
    [
      { files: 1, bytes: 10, filesChanged: 1, bytesAdded: 10 },
      { files: 4, bytes: 99 },
    ],
    [
      { files: 20, bytes: 4000, filesChanged: 20, bytesAdded: 4000 },
      { files: 20, bytes: 4000 },
    ],
  ] as const)
    t.is(judgeExtent(now, before, rules).kind, "fine");
});

test("fault 31: a version of a suspect source is no measure, until somebody confirms it", (t) => {
  const rest = { volume: "v", tree: "", parent: null, added: 0 };
  const snapshots = [
    { ...rest, id: "a", time: 1000, tags: [], files: 100, bytes: 100 },
    { ...rest, id: "b", time: 2000, tags: ["suspect"], files: 3, bytes: 3 },
  ];
  t.is(lastGood(snapshots, "v", null)?.files, 100);
  t.is(lastGood(snapshots, "v", 2500)?.files, 3);
  t.is(lastGood(snapshots, "other", null), null);
});

test.serial(
  "fault 31: a volume whose directory is gone is suspect, and its history is frozen until somebody confirms",
  async (t) => {
    const app = await AppUnderTest.begin(t);
    t.is((await app.run()).outcome, "ok");
    await rm(app.place.folder("blog", "blog_data"), { recursive: true });
    const report = await app.run();
    t.is(report.outcome, "suspect");
    t.regex(report.volumes[0]?.reason ?? "", /the directory apps\/blog\/blog_data is not there/);
    t.is(report.volumes[0]?.snapshot, null);
    const frozen = async (): Promise<string[]> =>
      Object.keys((await app.world.states.suspect("blog")).volumes);
    t.deepEqual(await frozen(), ["blog_data"]);
    await app.place.volume("blog", "blog_data", [["new", 3_000_000]]);
    t.is((await app.run()).outcome, "ok");
    t.deepEqual(await frozen(), ["blog_data"], "that it looks well again is nobody's word");
    await app.world.states.confirm("blog", Date.now());
    t.deepEqual(await frozen(), []);
  },
);

test.serial("fault 31: a link in the place of the volume is not followed", async (t) => {
  const app = await AppUnderTest.begin(t);
  const [volume] = app.volumes;
  const folder = app.place.folder("blog", "blog_data");
  await rm(folder, { recursive: true });
  await symlink("/etc", folder);
  if (volume === undefined) throw new Error("there is no volume");
  const look = await lookAtSource(app.place.view(volume));
  t.like(look, {
    kind: "gone",
    reason: "the way to the directory apps/blog/blog_data leads over a symlink",
  });
});

test("fault 31: a storage whose disk is not mounted is not taken for an empty one", async (t) => {
  const root = await temporaryDirectory(t);
  const { id } = await directoryStorage(root).open(null);
  await rm(path.join(root, ".swarmnfs"), { recursive: true });
  await t.throwsAsync(directoryStorage(root).open(id), { code: "unavailable" });
  t.false((await readdir(root)).includes(".swarmnfs"));
});

test.serial(
  "fault 32: a storage that hangs is told from a volume that is gone, and nobody waits for it",
  async (t) => {
    const app = await AppUnderTest.begin(t);
    const [volume] = app.volumes;
    if (volume === undefined) throw new Error("there is no volume");
    const view: SourceView = {
      ...app.place.view(volume),
      // As a file system does that does not answer.
      command: () => ({ file: "sleep", args: ["600"] }),
    };
    await t.throwsAsync(lookAtSource(view, 200), { name: "CommandFailed", message: /no answer/ });
  },
);

test.serial("fault 35: what root may not read is told from what is not there", async (t) => {
  const app = await AppUnderTest.begin(t);
  const [volume] = app.volumes;
  if (volume === undefined) throw new Error("there is no volume");
  const view = app.place.view(volume);
  await execa("chmod", ["0700", app.place.folder("blog", "blog_data")]);
  // As on an NFS server that makes nobody of root.
  const squashed: SourceView = {
    ...view,
    command: (program, args) =>
      view.command("setpriv", [
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--",
        program,
        ...args,
      ]),
  };
  const look = await lookAtSource(squashed);
  t.is(look.kind, "unreadable");
  t.deepEqual(judgeLook(look, null), {
    kind: "suspect",
    reason: "it cannot be read (EACCES)",
    save: false,
  });
});

test.serial(
  "fault 37: what lies deeper than any path can name is counted, and the rest is saved",
  async (t) => {
    const app = await AppUnderTest.begin(t);
    const deep = path.join(app.place.folder("blog", "blog_data"), "deep");
    await mkdir(deep);
    // Longer than any path may be: only step by step one comes so far.
    await execa("sh", [
      "-c",
      'cd "$1"; n=$(printf %0200d 0); for i in $(seq 25); do mkdir $n; cd -P $n; done; echo x >file',
      "sh",
      deep,
    ]);
    const report = await app.run();
    const [volume] = report.volumes;
    t.is(report.outcome, "partial", JSON.stringify(report));
    t.is(volume?.outcome, "partial");
    t.true((volume?.unreadCount ?? 0) > 0);
    t.regex(volume?.unread[0]?.reason ?? "", /too long/);
    t.is(volume?.files, 3);
    await execa("rm", ["-rf", deep]);
  },
);

test.serial(
  "fault 34: files that cannot be read are counted and named, and the rest is a version, which says so",
  async (t) => {
    const app = await AppUnderTest.begin(t);
    const [volume] = app.volumes;
    if (volume === undefined) throw new Error("there is no volume");
    const folder = app.place.folder("blog", "blog_data");
    await writeFile(path.join(folder, "private"), "secret", { mode: 0o600 });
    await chown(path.join(folder, "private"), 1000, 1000);
    const view = app.place.view(volume);
    // Root that is bound by modes like everybody else.
    const bounded: SourceView = {
      ...view,
      command: (program, args) =>
        view.command("setpriv", [
          "--bounding-set=-dac_override,-dac_read_search",
          "--inh-caps=-all",
          "--",
          program,
          ...args,
        ]),
    };
    const held = await app.held();
    const report = await runApp(app.world, { app: "blog", sources: [bounded], held });
    t.is(report.outcome, "partial");
    t.like(report.volumes[0], { outcome: "partial", unreadCount: 1, files: 3 });
    t.regex(report.volumes[0]?.unread[0]?.item ?? "", /private$/);
    const repository = await app.service.repositories.open("blog");
    t.is((await repository.snapshots()).length, 1);
  },
);

test.serial(
  "fault 33: a file that is written to while it is read is saved all the same",
  async (t) => {
    const app = await AppUnderTest.begin(t);
    const file = path.join(app.place.folder("blog", "blog_data"), "log");
    const stop = new AbortController();
    const writing = (async () => {
      while (!stop.signal.aborted) await writeFile(file, `${Date.now()}\n`, { flag: "a" });
    })();
    const report = await app.run();
    stop.abort();
    await writing;
    t.is(report.outcome, "ok");
  },
);
