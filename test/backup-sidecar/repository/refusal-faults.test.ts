import { readdir } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { checkTarget } from "../../../backup-sidecar/repository/target/check-target.ts";
import type { FailureKind } from "../../../backup-sidecar/repository/failure.ts";
import type { Fault, Seen } from "../servers/fault-proxy.ts";
import { account } from "../servers/dav-server.ts";
import { startNginx } from "../servers/nginx.ts";
import { startNodeDav, type NodeDav } from "../servers/node-dav.ts";
import { ownFolder, quick, reach, targetOf } from "../servers/reach.ts";
import {
  backup,
  packs,
  restic,
  standWithRepository,
  untrueNames,
  type Stand,
} from "../servers/stand.ts";

const anything = (): boolean => true;

test("fault 3: a server without space ends the run at once with that reason, and takes restic's lock back", async (t) => {
  const made = await standWithRepository(t);
  await endsWith(t, made, packs.put, 507, "full", /no space left, or the quota/);
  t.deepEqual(await readdir(path.join(made.server.files, "storage/repositories/blog/locks")), []);
});

test("fault 3: a quota that shrinks below what is sent is told as such, and how much is left is known before", async (t) => {
  const made = await standWithRepository(t, { start: startSmall });
  const { remote } = made.connected;
  t.true(remote.profile.quota);
  const free = await remote.free();
  t.true(free !== null && free > 3_900_000 && free < 4_000_000, String(free));
  const session = await made.session();
  const told = await restic(session, made.folder, [...backup, made.source]);
  t.not(told.code, 0);
  t.like(session.trouble, { kind: "full" });
  t.deepEqual(await untrueNames(made), []);
});

test("fault 4: a password that is wrong from the start is told at once, and nothing is waited for", async (t) => {
  const server = await startNodeDav({ folder: await ownFolder(t) });
  t.teardown(() => server.stop());
  const wrong = { read: () => Promise.resolve({ user: "swarm", password: "wrong" }) };
  const begin = performance.now();
  const failure = await t.throwsAsync(
    reach(server.url, {
      credentials: wrong,
      endurance: { ...quick, outageMs: 600_000, doubtMs: 600_000 },
    }),
  );
  t.like(failure, { kind: "auth", waitingHelps: false });
  t.regex(failure?.message ?? "", /refuses the user name or the password/);
  t.false(failure?.message.includes("wrong"));
  t.true(performance.now() - begin < 60_000);
  t.deepEqual(await readdir(server.files), []);
});

test("fault 4: a server that refuses a right password for a moment, as some do while they start, is waited for", async (t) => {
  await passes(t, await standWithRepository(t), packs.put, { kind: "status", status: 401 }, 3);
});

test("fault 4: a password that was changed on the server and then here goes on", async (t) => {
  let password: string = account.password;
  const credentials = { read: () => Promise.resolve({ user: account.user, password }) };
  const made = await standWithRepository(t, {
    target: { credentials, endurance: { ...quick, doubtMs: 20_000 } },
  });
  (made.server as NodeDav).password = "another";
  const session = await made.session();
  const running = restic(session, made.folder, [...backup, made.source]);
  while (session.waitingFor === null) await new Promise(setImmediate);
  t.like(session.waitingFor, { kind: "auth" });
  password = "another";
  const told = await running;
  t.is(told.code, 0, told.all);
});

test("fault 4: a password that was changed on the server alone ends the run with that reason", async (t) => {
  const made = await standWithRepository(t, { target: { endurance: { ...quick, doubtMs: 300 } } });
  await endsWith(t, made, anything, 401, "auth", /WEBDAV_PASSWORD_FILE/);
});

test("fault 4: what this user may not do ends the run with that reason", async (t) => {
  await endsWith(
    t,
    await standWithRepository(t),
    packs.put,
    403,
    "forbidden",
    /does not allow storing a file/,
  );
});

test("fault 5: a server that takes no packs is told with its limit's name", async (t) => {
  await endsWith(
    t,
    await standWithRepository(t),
    packs.put,
    413,
    "too-big",
    /client_max_body_size/,
  );
});

test("fault 5: nginx with its usual limit of one megabyte is found out by check-target", async (t) => {
  const server = await startNginx({ folder: await ownFolder(t), largestBody: "1m" });
  t.teardown(() => server.stop());
  const findings = await checkTarget(targetOf(server.url), null);
  const problems = findings.filter(({ state }) => state === "problem").map(({ text }) => text);
  t.is(problems.length, 1, JSON.stringify(findings));
  t.regex(problems[0] ?? "", /It takes files of \d+K at most, and packs are larger: .* PACK_SIZE/);
});

test("fault 6: a lock that lasts for a while is waited for", async (t) => {
  const made = await standWithRepository(t);
  await passes(t, made, packs.put, { kind: "status", status: 423 }, 4);
  await passes(t, made, packs.move, { kind: "status", status: 423 }, 4, ["--force"]);
});

test("fault 6: a lock that stays ends the run with that reason", async (t) => {
  const made = await standWithRepository(t, { target: { endurance: { ...quick, lockedMs: 500 } } });
  await endsWith(t, made, packs.move, 423, "locked", /holds a lock/);
});

for (const status of [429, 503]) {
  test(`fault 7: a server that answers ${status} is asked again when it said`, async (t) => {
    const made = await standWithRepository(t);
    const begin = performance.now();
    await passes(
      t,
      made,
      packs.put,
      { kind: "status", status, headers: { "retry-after": "1" } },
      2,
    );
    t.true(performance.now() - begin >= 1000);
  });
}

test("fault 7: a server that is busy for longer than we wait ends the run with that reason", async (t) => {
  const made = await standWithRepository(t, { target: { endurance: { ...quick, outageMs: 500 } } });
  await endsWith(t, made, anything, 503, "busy", /busy or being maintained/);
});

function startSmall(options: { readonly folder: string }): Promise<NodeDav> {
  return startNodeDav({ ...options, quota: 4_000_000 });
}

/** A backup that ends by itself because of a status, with its reason, and leaves nothing half-written. */
async function endsWith(
  t: ExecutionContext,
  made: Stand,
  when: (seen: Seen) => boolean,
  status: number,
  kind: FailureKind,
  words: RegExp,
): Promise<void> {
  const rule = made.proxy.add(when, { kind: "status", status });
  const session = await made.session();
  const told = await restic(session, made.folder, [...backup, made.source]);
  t.not(told.code, 0, told.all);
  t.like(session.trouble, { kind });
  t.regex(session.trouble?.message ?? "", words);
  rule.remove();
  t.deepEqual(await untrueNames(made), []);
}

/** A backup that a fault delays, but does not spoil. */
async function passes(
  t: ExecutionContext,
  made: Stand,
  when: (seen: Seen) => boolean,
  fault: Fault,
  times: number,
  more: readonly string[] = [],
): Promise<void> {
  const rule = made.proxy.add(when, fault, times);
  const session = await made.session();
  const told = await restic(session, made.folder, [...backup, ...more, made.source]);
  t.is(told.code, 0, told.all);
  t.is(rule.hits, times);
  const check = await restic(session, made.folder, ["check"]);
  t.is(check.code, 0, check.all);
  t.is(session.trouble, null);
  await session.close();
}
