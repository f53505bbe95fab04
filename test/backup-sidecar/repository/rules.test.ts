import test from "ava";
import {
  Bandwidth,
  limitAt,
  parseLimit,
} from "../../../backup-sidecar/repository/http/bandwidth.ts";
import { DeleteGuard } from "../../../backup-sidecar/repository/delete-guard.ts";
import { RemoteFailure } from "../../../backup-sidecar/repository/failure.ts";
import type { Permit } from "../../../backup-sidecar/repository/permit.ts";
import { redirected } from "../../../backup-sidecar/repository/http/redirect.ts";
import { checkPath, deletableKind } from "../../../backup-sidecar/repository/remote-path.ts";
import { parseRestPath, placeOf } from "../../../backup-sidecar/repository/bridge/rest-path.ts";
import { statusFailure } from "../../../backup-sidecar/repository/http/status-failure.ts";
import { parseTarget } from "../../../backup-sidecar/repository/target/target.ts";
import { UserError } from "../../../service/user-error.ts";

const id = "a".repeat(64);

test("WEBDAV_URL is one address or several, of any of the usual schemes", (t) => {
  t.deepEqual(hrefs("https://nas.lan/backup"), ["https://nas.lan/backup/"]);
  t.deepEqual(hrefs("davs://nas.lan, dav://10.0.0.5:8080/a/"), [
    "https://nas.lan/",
    "http://10.0.0.5:8080/a/",
  ]);
  for (const text of [
    "",
    "nas.lan/backup",
    "ftp://nas.lan",
    "https://",
    "https://nas.lan/?a=1",
    "https://nas.lan/#a",
  ])
    t.throws(() => parseTarget(text), { instanceOf: UserError }, text);
});

test("a password in WEBDAV_URL is refused and not repeated", (t) => {
  const error = t.throws(() => parseTarget("https://me:hunter2@nas.lan/"));
  t.regex(error?.message ?? "", /WEBDAV_PASSWORD_FILE/);
  t.false(error?.message.includes("hunter2"));
  t.false(t.throws(() => parseTarget("me:hunter2@nas.lan"))?.message.includes("hunter2"));
});

test("what restic asks is understood, and nothing else", (t) => {
  t.deepEqual(parseRestPath(""), { kind: "repository" });
  t.deepEqual(parseRestPath("config"), { kind: "config" });
  t.deepEqual(parseRestPath("data"), { kind: "list", type: "data" });
  t.deepEqual(parseRestPath(`locks/${id}`), { kind: "file", type: "locks", name: id });
  for (const path of [
    "config/x",
    "data/../../x",
    `data/${id}/x`,
    "other",
    "data/short",
    `data/${"A".repeat(64)}`,
  ])
    t.is(parseRestPath(path), null, path);
  t.is(placeOf("data", id), `data/aa/${id}`);
  t.is(placeOf("index", id), `index/${id}`);
});

test("no path leaves our folder", (t) => {
  for (const path of ["", "a", "a/.b/c-d_e.f", ".swarmnfs/tmp/x"])
    t.notThrows(() => checkPath(path), path);
  for (const path of ["..", "a/../b", "/a", "a/", "a//b", "a b", "a%2fb", "ä", "a/..b"])
    t.throws(() => checkPath(path), undefined, path);
});

test("what may be deleted is told by where it lies; a repository's configuration never is", (t) => {
  t.is(at(`repositories/blog/data/aa/${id}`), "data");
  t.is(at(`repositories/blog/snapshots/${id}`), "snapshots");
  t.is(at("repositories/blog/config"), null);
  t.is(at("repositories/blog/data"), null);
  t.is(at("repositories/blog"), null);
  t.is(at("repositories"), null);
  t.is(at("backup_historys/blog"), null);
  t.is(at("backup_historys/blog/2026-03-01_06-00"), "history");
  t.is(at("blog"), null);
  t.is(at("blog/file"), "mirror");
  t.is(at(".swarmnfs"), null);
  t.is(at(".swarmnfs/target.json"), null);
  t.is(at(".swarmnfs/tmp/x"), "temporary");
});

const permit: Permit = {
  run: "r1",
  kinds: ["data", "snapshots"],
  names: null,
  maxCount: 2,
  maxBytes: 100,
};

test("without a permit only locks go", (t) => {
  const guard = new DeleteGuard(null);
  t.notThrows(() => guard.admit("locks", id, 1));
  for (const kind of ["data", "index", "snapshots", "keys", "history", "mirror"] as const)
    t.throws(
      () => guard.admit(kind, id, 1),
      { instanceOf: RemoteFailure, message: /delete guard/ },
      kind,
    );
  t.is(guard.deleted, 0);
});

test("a permit is bounded in kinds, names, count and bytes, and ends with what it was given for", (t) => {
  t.throws(() => new DeleteGuard(permit).admit("keys", id, 1), { message: /nothing of keys/ });
  t.throws(() => new DeleteGuard(permit).admit("snapshots", id, 1), {
    message: /is not among what run r1/,
  });
  t.notThrows(() => new DeleteGuard({ ...permit, names: [id] }).admit("snapshots", id, 1));
  const counted = new DeleteGuard(permit);
  counted.admit("data", "1", 10);
  counted.admit("data", "2", 10);
  t.throws(() => counted.admit("data", "3", 10), { message: /may delete 2 files/ });
  t.is(counted.deleted, 2);
  t.throws(() => new DeleteGuard(permit).admit("data", "1", 101), {
    message: /may delete 100 bytes/,
  });
  t.throws(() => new DeleteGuard({ ...permit, inForce: () => false }).admit("data", "1", 1), {
    message: /lost the lease/,
  });
});

test("redirects are followed on the same host, upwards to https, and to hosts that were allowed", (t) => {
  t.is(go("http://nas/a", "/b/"), "http://nas/b/");
  t.is(go("http://nas/a", "https://nas:5006/a"), "https://nas:5006/a");
  t.is(go("http://nas/a", "http://other/a", ["other"]), "http://other/a");
  for (const [from, to] of [
    ["https://nas/", "http://nas/"],
    ["http://nas/", "http://other/"],
    ["http://nas/", "file:///etc/passwd"],
  ] as const)
    t.throws(() => go(from, to), { instanceOf: RemoteFailure }, to);
  t.is(redirected(new URL("http://nas/"), { status: 200, headers: { location: "/b" } }, []), null);
});

test("every status has its kind, and none of the messages shows the number", (t) => {
  const kinds = new Map([
    [401, "auth"],
    [403, "forbidden"],
    [404, "gone"],
    [410, "gone"],
    [413, "too-big"],
    [423, "locked"],
    [429, "busy"],
    [503, "busy"],
    [507, "full"],
    [500, "server"],
    [502, "server"],
    [504, "server"],
    [409, "server"],
  ]);
  for (const [status, kind] of kinds) {
    const failure = statusFailure("nas.lan", "storing a file", status, {});
    t.is(failure.kind, kind as typeof failure.kind);
    t.false(failure.message.includes(String(status)));
    t.true(failure.message.includes('"nas.lan"'));
  }
  const now = Date.parse("2026-03-01T06:00:00Z");
  t.is(statusFailure("nas", "x", 503, { "retry-after": "20" }, now).retryAfterMs, 20_000);
  t.is(
    statusFailure("nas", "x", 503, { "retry-after": "Sun, 01 Mar 2026 06:01:00 GMT" }, now)
      .retryAfterMs,
    60_000,
  );
  t.is(statusFailure("nas", "x", 503, { "retry-after": "soon" }, now).retryAfterMs, null);
});

test("a limit may change by the time of day", (t) => {
  const plan = parseLimit("08:00-18:00=2M, 22:00-06:00=off, 10M");
  t.is(limitAt(plan, 8 * 60), 2 * 1024 * 1024);
  t.is(limitAt(plan, 18 * 60), 10 * 1024 * 1024);
  t.is(limitAt(plan, 23 * 60), null);
  t.is(limitAt(plan, 5 * 60 + 59), null);
  t.is(limitAt(parseLimit("512K"), 0), 512 * 1024);
  t.is(limitAt(parseLimit("off"), 0), null);
  t.is(limitAt(parseLimit("08:00-18:00=2M"), 0), null);
  for (const text of ["fast", "25:00-26:00=1M", "08:00-18:00", "08:00-18:00=", "08:70-09:00=1M"])
    t.throws(() => parseLimit(text), { instanceOf: UserError }, text);
});

test("a limit is kept by all transfers together, and follows the time of day while they run", async (t) => {
  let now = 0;
  let minute = 8 * 60;
  const pacing = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  const limit = new Bandwidth(parseLimit("08:00-09:00=1M, off"), pacing, () => minute);
  const mega = 1024 * 1024;
  for (let sent = 0; sent < 10; sent += 1) await limit.take(mega);
  t.true(now >= 9000 && now <= 10_000, String(now));
  minute = 9 * 60;
  const before = now;
  await limit.take(100 * mega);
  t.is(now, before);
});

function hrefs(text: string): string[] {
  return parseTarget(text).map(({ href }) => href);
}

function at(path: string): string | null {
  return deletableKind(path);
}

function go(from: string, location: string, allowed: string[] = []): string | undefined {
  return redirected(new URL(from), { status: 301, headers: { location } }, allowed)?.href;
}
