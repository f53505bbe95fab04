import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import test from "ava";
import { UserError } from "../../service/user-error.ts";
import { backupCommands, runOf, startFakeBackup, workProgress as progress } from "./fake-backup.ts";
import { says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";

test(
  "in a pipe the status has exact times, the app that needs somebody first, and exit code 1",
  says,
  {
    line: "backup status",
    exit: 1,
    out: `
APP    LAST GOOD              SNAPSHOTS   ON SERVER   VERIFIED       DRILL                     NEXT                   STATE
wiki   2026-02-27T12:00:00Z   180         120M        -              -                         -                      suspect: wiki_data: 97 % of its files are gone. Nothing will be removed from its history until you run: swarmnfs backup confirm wiki
blog   2026-03-01T09:14:02Z   212         1.1G        100% in 30 d   2026-02-24T12:14:02Z ok   2026-03-01T14:14:02Z   ok
shop   2026-03-01T09:14:02Z   212         38G         100% in 30 d   2026-02-24T12:14:02Z ok   2026-03-01T14:14:02Z   ok
3 apps of storage1 -> https://nas.example.org/backups
`,
  },
);

test("nothing to back up says so", says, {
  line: "backup run",
  backup: { run: async () => ({ reports: [] }) },
  out: "There is nothing to back up: no volume is there, or backup=off for all of them\n",
});

test("a run of which only a part is saved is exit code 3, and says what is missing", async (t) => {
  const [volume] = runOf("blog").volumes;
  if (volume === undefined) return t.fail();
  const partial = runOf("blog", {
    outcome: "partial",
    volumes: [{ ...volume, outcome: "partial", unreadCount: 3 }],
  });
  const failed = runOf("shop", {
    outcome: "failed",
    notes: ["the server is full"],
    volumes: [{ ...volume, outcome: "failed", snapshot: null, reason: "the server is full" }],
  });
  const said = await speak(t, ["backup", "run"], {
    backup: { run: async () => ({ reports: [partial, failed] }) },
  });
  t.is(said.exit, 3);
  t.regex(said.out, /partial: 3 files could not be read/);
  t.regex(said.out, /failed: the server is full/);
  t.regex(said.out, /0 of 2 apps backed up and checked; blog: partial, shop: failed/);
  const none = await speak(t, ["backup", "run"], {
    backup: { run: async () => ({ reports: [failed] }) },
  });
  t.is(none.exit, 1);
});

test("on a terminal a bar shows how far it is, how fast, and how long it takes, and goes away", async (t) => {
  const said = await speak(t, ["backup", "run", "blog"], {
    ...terminal,
    backup: {
      run: async (_, talk) => {
        talk.progress(progress);
        talk.note("the server is slow today");
        return { reports: [runOf("blog")] };
      },
    },
  });
  t.true(said.err.includes("█████████████░░░░░░░   63 %   1.2G of 1.9G   8 s left"), said.err);
  t.true(said.err.includes("the server is slow today\n"));
  t.true(said.err.endsWith("\r\u001B[K") || said.err.endsWith("today\n"));
  t.is(said.exit, 0);
});

test("what is being waited for is shown in place of the bar", async (t) => {
  const waiting = "the server has not answered for 40 s; waiting up to 10 m";
  const said = await speak(t, ["backup", "run", "blog"], {
    ...terminal,
    backup: {
      run: async (_, talk) => {
        talk.progress({ ...progress, waiting });
        return { reports: [runOf("blog")] };
      },
    },
  });
  t.true(said.err.includes(waiting));
});

test("where there is no terminal progress is a line now and then, and nothing with --json", async (t) => {
  const backup = {
    run: async (_: unknown, talk: { progress(each: typeof progress): void }) => {
      for (let n = 0; n < 50; n += 1) talk.progress(progress);
      return { reports: [runOf("blog")] };
    },
  };
  const said = await speak(t, ["backup", "run", "blog"], { backup });
  t.is(said.err, "blog: saving blog_data, 63 %, 1.2G of 1.9G, 8 s left\n");
  const quiet = await speak(t, ["backup", "run", "blog", "--json"], { backup });
  t.is(quiet.err, "");
  t.is(JSON.parse(quiet.out).reports[0].app, "blog");
});

test("a repository that is damaged after room was made is exit code 1, and says what is wrong", async (t) => {
  const report = {
    app: "blog",
    files: 12,
    bytes: 1024,
    withheld: null,
    errors: ["pack 1 is gone"],
  };
  const said = await speak(t, ["backup", "prune"], {
    backup: { prune: async () => ({ reports: [report] }) },
  });
  t.is(said.exit, 1);
  t.regex(said.out, /1.0K in 12 files freed\n.* blog: damaged\n +pack 1 is gone/);
});

test("a restore says its options to the service", async (t) => {
  let asked: unknown;
  const line =
    "backup restore blog_data --at 2026-02-20T12:00Z --path /a --path /b --to blog_rescued";
  await speak(t, line.split(" "), {
    backup: {
      restore: async (given) => {
        asked = given;
        throw new UserError("not-found", "there is no version of then");
      },
    },
  });
  t.deepEqual(asked, {
    source: "blog_data",
    at: "2026-02-20T12:00Z",
    paths: ["/a", "/b"],
    to: "blog_rescued",
    inPlace: false,
    force: false,
  });
});

test("options that contradict each other are wrong usage, and nothing is asked", says, {
  line: "backup restore blog --in-place --to other",
  exit: 2,
  err: `
swarmnfs: --in-place and --to contradict each other: say one of them
  See: swarmnfs backup restore --help
`,
});

test("a file's bytes go to a pipe as they are, and never to a terminal", async (t) => {
  const piped = await speak(t, ["backup", "dump", "3f2a9c1e", "/notes.txt"]);
  t.is(piped.out, "remember the milk\n");
  const shown = await speak(t, ["backup", "dump", "3f2a9c1e", "/notes.txt"], terminal);
  t.is(shown.exit, 2);
  t.regex(shown.err, /> FILE/);
});

test("a file that is not there is said so, and nothing is written", says, {
  line: "backup dump 3f2a9c1e /other",
  exit: 1,
  err: 'swarmnfs: the snapshot has no file "/other"\n',
});

test("hanging up ends the work of the service", async (t) => {
  const ended = Promise.withResolvers<void>();
  const life = new AbortController();
  const folder = await mkdtemp("/tmp/swarmnfs-backup-");
  t.teardown(() => rm(folder, { recursive: true }));
  const socket = await startFakeBackup(t, folder, {
    ...backupCommands,
    run: async (_, talk) => {
      life.abort();
      await once(talk.signal, "abort");
      ended.resolve();
      return { reports: [] };
    },
  });
  const body = '{"apps":[]}';
  const asked = request({
    socketPath: socket,
    path: "/run",
    method: "POST",
    headers: { "content-length": body.length },
    signal: life.signal,
  });
  asked.on("error", () => undefined);
  asked.end(body);
  await ended.promise;
  t.pass();
});

test("where no service runs, it says where the command works", async (t) => {
  const said = await speak(t, ["backup", "status"], {
    surroundings: { backupSocket: "/nonexistent/backup.sock" },
  });
  t.is(said.exit, 1);
  t.regex(
    said.err,
    /no backup service answers .* docker compose -f backup\.compose\.yml exec backup swarmnfs backup status/s,
  );
});

test("keys are listed, added and removed, and other words are wrong usage", async (t) => {
  const added = await speak(t, ["backup", "key", "add", "blog", "/run/secrets/recovery"]);
  t.regex(added.out, /as key e5f60718/);
  const wrong = await speak(t, ["backup", "key", "remvoe", "blog", "a1"]);
  t.is(wrong.exit, 2);
  t.regex(wrong.err, /did you mean "remove"/);
  const short = await speak(t, ["backup", "key", "add", "blog"]);
  t.regex(short.err, /swarmnfs backup key add APP FILE/);
});
