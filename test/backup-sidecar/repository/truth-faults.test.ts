import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { unmount } from "../servers/node-dav.ts";
import { quick, reach } from "../servers/reach.ts";
import {
  backup,
  packs,
  restic,
  standWithRepository,
  untrueNames,
  until,
  type Stand,
} from "../servers/stand.ts";

/** What a server may do to a file while it says that all is well. */
const lies: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  "cuts it": (body) => body.subarray(0, Math.floor(body.length / 2)),
  "empties it": () => Buffer.alloc(0),
  "flips a bit at its end": (body) => flipped(body, body.length - 1),
};

for (const [lie, alter] of Object.entries(lies)) {
  test(`fault 8: a server that says it stored a pack, but ${lie}, is caught, and the pack sent again`, async (t) => {
    const made = await standWithRepository(t);
    const rule = made.proxy.add(packs.put, { kind: "alter", alter }, 2);
    const session = await made.session();
    const told = await restic(session, made.folder, [...backup, made.source]);
    t.is(told.code, 0, told.all);
    t.is(rule.hits, 2);
    const check = await restic(session, made.folder, ["check", "--read-data"]);
    t.is(check.code, 0, check.all);
    t.deepEqual(await untrueNames(made), []);
  });
}

test("fault 8: a server that always lies ends the run with that reason, and nothing untrue has a name", async (t) => {
  const made = await standWithRepository(t, {
    target: { endurance: { ...quick, outageMs: 1000 } },
  });
  made.proxy.add(packs.put, { kind: "alter", alter: (body) => body.subarray(1) });
  const session = await made.session();
  const told = await restic(session, made.folder, [...backup, made.source]);
  t.not(told.code, 0);
  t.like(session.trouble, { kind: "server" });
  t.regex(session.trouble?.message ?? "", /said that it had stored a file, but has kept/);
  t.deepEqual(await untrueNames(made), []);
});

test("fault 8: a bit that flips in the middle of a pack is found when it is read back", async (t) => {
  const made = await standWithRepository(t);
  const rule = made.proxy.add(packs.put, { kind: "alter", alter: flippedPack });
  const session = await made.session();
  t.is((await restic(session, made.folder, [...backup, made.source])).code, 0);
  rule.remove();
  const check = await restic(session, made.folder, ["check", "--read-data"]);
  t.is(check.code, 1, check.all);
});

test("fault 9: a disk that is not mounted is told as such; nothing is made or written in its place", async (t) => {
  const made = await standWithRepository(t, { target: { endurance: { ...quick, doubtMs: 200 } } });
  const { server, proxy, connected, folder } = made;
  const mount = await unmount(server);
  const session = await made.session({ mayCreate: true });
  for (const args of [["init"], ["cat", "config", "--no-lock"], [...backup, made.source]]) {
    const told = await restic(session, folder, args);
    t.not(told.code, 0, args[0]);
    t.not(told.code, 10, "a repository that cannot be seen is not one that does not exist");
  }
  t.like(session.trouble, { kind: "wrong-target" });
  t.regex(session.trouble?.message ?? "", /a disk of the server not mounted/);
  const known = connected.marker?.id ?? "";
  const again = await t.throwsAsync(
    reach(proxy.url, { endurance: { ...quick, doubtMs: 0 } }, { known }),
  );
  t.like(again, { kind: "wrong-target" });
  t.deepEqual(await readdir(server.files), []);
  await mount();
  const after = await made.session();
  const check = await restic(after, folder, ["check"]);
  t.is(check.code, 0, check.all);
});

test("fault 9: a disk that goes away while packs are sent and comes back costs nothing", async (t) => {
  const made = await standWithRepository(t);
  const { server, proxy, folder, source } = made;
  const gate = proxy.add(packs.put, { kind: "hang" }, 1);
  const session = await made.session();
  const running = restic(session, folder, [...backup, source]);
  await until(() => gate.hits === 1, running);
  const mount = await unmount(server);
  await proxy.down();
  await proxy.up();
  await until(() => session.waitingFor?.kind === "wrong-target", running);
  t.deepEqual(await readdir(server.files), []);
  await mount();
  const told = await running;
  t.is(told.code, 0, told.all);
  t.deepEqual(await untrueNames(made), []);
});

test("fault 9: a base folder that does not exist is told as such and not made", async (t) => {
  const { server } = await standWithRepository(t);
  const failure = await t.throwsAsync(reach(`${server.url}no/such/folder`));
  t.like(failure, { kind: "wrong-target" });
  t.regex(failure?.message ?? "", /There is no folder at http.*is the path in WEBDAV_URL right/);
  t.deepEqual(await readdir(server.files), ["storage"]);
});

test("fault 9: the folder of another storage is not written to", async (t) => {
  const { proxy } = await standWithRepository(t);
  const failure = await t.throwsAsync(
    reach(
      proxy.url,
      { endurance: { ...quick, doubtMs: 0 } },
      { known: "0b5a9a3e-5c8c-4b57-9f8e-1a2b3c4d5e6f" },
    ),
  );
  t.like(failure, { kind: "wrong-target" });
  t.regex(failure?.message ?? "", /folder of another storage/);
});

for (const [status, times] of [
  [423, 2],
  [409, 1],
  [500, 2],
] as const) {
  test(`fault 14: a folder whose making is answered with ${status} is made all the same`, async (t) => {
    const { proxy, connected } = await standWithRepository(t);
    const rule = proxy.add(({ method }) => method === "MKCOL", { kind: "status", status }, times);
    await connected.remote.write("mirror/a/b/c/file", Buffer.from("x"), { size: 1 });
    t.is(rule.hits, times);
    t.like(await connected.remote.stat("mirror/a/b/c/file"), { size: 1 });
  });
}

test("fault 14: a folder that exists is fine, whether that is answered with 405, 201 or 301", async (t) => {
  const { proxy, connected, server } = await standWithRepository(t);
  await connected.remote.makeFolder("mirror/a");
  for (const status of [405, 201, 301]) {
    const rule = proxy.add(
      ({ method, path: at }) => method === "MKCOL" && at.endsWith("/mirror/"),
      { kind: "status", status },
      1,
    );
    const { remote } = await reach(proxy.url);
    await remote.write("mirror/file", Buffer.from(String(status)), { size: 3 });
    t.is(rule.hits, 1);
  }
  t.is(await readFile(path.join(server.files, "storage/mirror/file"), "utf8"), "301");
});

test("fault 14: a server that takes no file into a folder that it has is asked again with waits between", async (t) => {
  const { proxy, connected } = await standWithRepository(t, {
    target: { endurance: { ...quick, outageMs: 1000, firstWaitMs: 100, longestWaitMs: 1000 } },
  });
  const rule = proxy.add(({ method }) => method === "PUT", { kind: "status", status: 409 });
  const { remote } = connected;
  await t.throwsAsync(remote.write("mirror/file", Buffer.from("x"), { size: 1 }), {
    message: /has lost a folder of ours/,
  });
  t.true(rule.hits > 1 && rule.hits < 15, String(rule.hits));
});

test("fault 8: a move that was done only in part is not taken for done", async (t) => {
  const { proxy, connected } = await standWithRepository(t);
  const { remote } = connected;
  const rule = proxy.add(({ method }) => method === "MOVE", { kind: "status", status: 207 }, 1);
  await remote.write("mirror/file", Buffer.from("x"), { size: 1 });
  t.is(rule.hits, 1);
  t.like(await remote.stat("mirror/file"), { size: 1 });
  proxy.add(({ method }) => method === "MOVE", { kind: "status", status: 207 }, 1);
  await t.throwsAsync(remote.move("mirror/file", "mirror/other"));
});

test("fault 14: a folder that vanished behind our back is made again", async (t) => {
  const made = await standWithRepository(t);
  const { remote } = made.connected;
  await remote.write("mirror/a/file", Buffer.from("x"), { size: 1 });
  await remote.remove("mirror/a", {
    run: "r",
    kinds: ["mirror"],
    names: null,
    maxCount: 1,
    maxBytes: 10,
  });
  await remote.write("mirror/a/file", Buffer.from("y"), { size: 1 });
  t.like(await remote.stat("mirror/a/file"), { size: 1 });
});

test("fault 15: files that a listing leaves out are not lost: prune keeps them and check finds them", async (t) => {
  const made = await standWithRepository(t);
  const first = await made.session();
  t.is((await restic(first, made.folder, [...backup, made.source])).code, 0);
  await first.close();
  forgetful(made);
  const session = await made.session({
    permit: { run: "r", kinds: ["data", "index"], names: null, maxCount: 100, maxBytes: 1e9 },
  });
  const pruned = await restic(session, made.folder, ["prune"]);
  t.is(pruned.code, 0, pruned.all);
  t.is(session.counts.deleted, 0);
  const check = await restic(session, made.folder, ["check", "--read-data"]);
  t.is(check.code, 0, check.all);
  t.true(
    made.notes.some((note) => /left \d+ of repositories\/blog\/data out of its listing/.test(note)),
  );
});

test("fault 15: a server that says first which properties a folder lacks is understood", async (t) => {
  const { proxy, connected } = await standWithRepository(t);
  const { remote } = connected;
  await remote.write("mirror/a/file", Buffer.from("x"), { size: 1 });
  const lacking =
    "<d:propstat><d:prop><d:getetag/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>";
  const alter = (body: Buffer): Buffer =>
    Buffer.from(body.toString("utf8").replaceAll("<d:propstat>", `${lacking}<d:propstat>`));
  const rule = proxy.add(({ method }) => method === "PROPFIND", { kind: "alter-answer", alter }, 1);
  t.like(await remote.list("mirror/a"), [{ name: "file", size: 1 }]);
  t.is(rule.hits, 1);
});

test("fault 15: a listing that is no list is not taken for an empty folder", async (t) => {
  const made = await standWithRepository(t, { target: { endurance: { ...quick, outageMs: 500 } } });
  made.proxy.add(packs.list, {
    kind: "alter-answer",
    alter: () => Buffer.from("<html>Welcome</html>"),
  });
  const session = await made.session();
  const told = await restic(session, made.folder, [...backup, made.source]);
  t.not(told.code, 0);
  t.like(session.trouble, { kind: "server" });
  t.regex(session.trouble?.message ?? "", /is it a WebDAV server/);
});

test("fault 15: a marker that was cut short is nothing to write upon", async (t) => {
  const { server, proxy } = await standWithRepository(t);
  await writeFile(path.join(server.files, "storage/.swarmnfs/target.json"), "{");
  t.like(await t.throwsAsync(reach(proxy.url)), { kind: "wrong-target" });
});

/** Every listing of a folder of packs lacks its last one. */
function forgetful({ proxy }: Stand): void {
  proxy.add(({ method, path: at }) => method === "PROPFIND" && /\/data\/[0-9a-f]{2}\/$/.test(at), {
    kind: "alter-answer",
    alter: (body) => {
      const text = body.toString("utf8");
      const last = text.lastIndexOf("<d:response>");
      return Buffer.from(
        last === text.indexOf("<d:response>") ? text : `${text.slice(0, last)}</d:multistatus>`,
      );
    },
  });
}

/** Of large bodies alone. */
function flippedPack(body: Buffer): Buffer {
  return body.length > 1_000_000 ? flipped(body, 500_000) : body;
}

function flipped(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
