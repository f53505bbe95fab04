import test, { type ExecutionContext } from "ava";
import { RemoteFailure } from "../../../backup-sidecar/repository/failure.ts";
import { startApache } from "../servers/apache.ts";
import type { Fault, Seen } from "../servers/fault-proxy.ts";
import { quick, quickBounds, reach } from "../servers/reach.ts";
import {
  backup,
  packs,
  restic,
  stand,
  standWithRepository,
  untrueNames,
  until,
  type Stand,
  type Told,
} from "../servers/stand.ts";

test("fault 1: a server that is down before a run begins is waited for", async (t) => {
  const { proxy } = await stand(t);
  await proxy.down();
  let waited: RemoteFailure | null = null;
  const reaching = reach(proxy.url, {}, { waiting: (failure) => (waited ??= failure) });
  await until(() => waited !== null);
  t.like(waited, { kind: "network" });
  await proxy.up();
  await t.notThrowsAsync(reaching);
});

const moments: Readonly<Record<string, (seen: Seen) => boolean>> = {
  "in the middle of a pack": packs.put,
  "in the middle of a move": packs.move,
  "while it lists": packs.list,
};

for (const [moment, when] of Object.entries(moments)) {
  test(`fault 1: a server that goes down ${moment} and comes back costs nothing`, async (t) => {
    const made = await standWithRepository(t, { start: startApache });
    const { proxy, folder, source } = made;
    const session = await made.session();
    const rule = proxy.add(when, { kind: "hang" }, 1);
    const running = restic(session, folder, [...backup, source]);
    await until(() => rule.hits === 1, running);
    await proxy.down();
    await until(() => session.waitingFor !== null, running);
    await proxy.up();
    const told = await running;
    t.is(told.code, 0, told.all);
    t.is(session.trouble, null);
    await clean(t, made);
  });
}

test("fault 1: a server that stays away ends the run with that reason, and nothing half-written is left", async (t) => {
  const made = await standWithRepository(t, {
    target: { endurance: { ...quick, outageMs: 10_000 } },
  });
  const { proxy, folder, source } = made;
  const session = await made.session();
  const rule = proxy.add(packs.put, { kind: "hang" }, 1);
  const running = restic(session, folder, [...backup, source]);
  await until(() => rule.hits === 1, running);
  await proxy.down();
  const told = await running;
  t.not(told.code, 0, told.all);
  t.like(session.trouble, { kind: "network" });
  t.regex(
    session.trouble?.message ?? "",
    /"localhost:\d+" (refuses connections|broke the connection)/,
  );
  t.deepEqual(await untrueNames(made), []);
});

for (const afterBytes of [1, 70_000, 3_000_000]) {
  test(`fault 2: a connection that is reset after ${afterBytes} bytes of a pack costs nothing`, async (t) => {
    const made = await standWithRepository(t);
    const told = await backupWith(made, packs.put, { kind: "reset", afterBytes }, 3);
    t.is(told.code, 0, told.all);
    await clean(t, made);
  });
}

test("fault 2: a connection that is reset while a file is read is taken up where it broke", async (t) => {
  const made = await standWithRepository(t);
  const told = await backupWith(made, packs.list, { kind: "reset-answer", afterBytes: 10 }, 1);
  t.is(told.code, 0, told.all);
  const { proxy } = made;
  const rule = proxy.add(
    ({ method, path }) => method === "GET" && path.includes("/data/"),
    { kind: "reset-answer", afterBytes: 100_000 },
    2,
  );
  await clean(t, made);
  t.is(rule.hits, 2);
});

test("fault 2: a pack of which the answer alone is lost is looked for, and not sent again", async (t) => {
  const made = await standWithRepository(t);
  const { proxy } = made;
  proxy.seen.length = 0;
  const told = await backupWith(made, packs.put, { kind: "lose-answer" }, 4);
  t.is(told.code, 0, told.all);
  const sent = proxy.seen.filter(packs.put);
  t.is(new Set(sent.map(({ path }) => path)).size, sent.length);
  t.is(sent.length, proxy.seen.filter(packs.move).length);
  await clean(t, made);
});

test("fault 12: a server that says nothing more is given up, and asked again", async (t) => {
  const made = await standWithRepository(t, {
    target: { bounds: { ...quickBounds, answerMs: 5000, silenceMs: 5000 } },
  });
  const told = await backupWith(made, packs.put, { kind: "hang" }, 1);
  t.is(told.code, 0, told.all);
  await clean(t, made);
});

test("fault 12: a byte now and then is as good as none", async (t) => {
  const { proxy, connected } = await stand(t, {
    target: { bounds: { ...quickBounds, silenceMs: 5000 } },
  });
  const { remote } = connected;
  await remote.write("mirror/blog/file", Buffer.alloc(5000, 7), { size: 5000 });
  const rule = proxy.add(({ method }) => method === "GET", { kind: "trickle", everyMs: 20 }, 1);
  let read = 0;
  for await (const chunk of await remote.read("mirror/blog/file")) read += (chunk as Buffer).length;
  t.is(read, 5000);
  t.is(rule.hits, 1);
});

test("fault 13: a move whose answer is lost is found to be done, and not done twice", async (t) => {
  const made = await standWithRepository(t, { start: startApache });
  const { proxy, connected } = made;
  const told = await backupWith(made, packs.move, { kind: "lose-answer" }, 2);
  t.is(told.code, 0, told.all);
  const { remote } = connected;
  await remote.write("mirror/blog/a", Buffer.from("a"), { size: 1 });
  proxy.add(packs.move, { kind: "lose-answer" }, 1);
  await remote.move("mirror/blog/a", "mirror/blog/b");
  t.like(await remote.stat("mirror/blog/b"), { size: 1 });
  await clean(t, made);
});

test("fault 13: a move that times out while the server still works on it is waited for", async (t) => {
  const made = await standWithRepository(t, {
    target: { bounds: { ...quickBounds, answerMs: 5000 } },
  });
  const told = await backupWith(made, packs.move, { kind: "hang" }, 1);
  t.is(told.code, 0, told.all);
  await clean(t, made);
});

/** A backup during which a fault happens, which must have happened. */
async function backupWith(
  made: Stand,
  when: (seen: Seen) => boolean,
  fault: Fault,
  times: number,
): Promise<Told> {
  const rule = made.proxy.add(when, fault, times);
  const session = await made.session();
  const told = await restic(session, made.folder, [...backup, made.source]);
  await session.close();
  if (rule.hits === 0) throw new Error(`the fault did not happen: ${told.all}`);
  return told;
}

/** The repository is whole, and nothing of ours lies about. */
async function clean(t: ExecutionContext, made: Stand): Promise<void> {
  const session = await made.session();
  const check = await restic(session, made.folder, ["check", "--read-data"]);
  t.is(check.code, 0, check.all);
  t.is(session.trouble, null);
  t.deepEqual(await untrueNames(made), []);
  await session.close();
}
