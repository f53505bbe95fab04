import test from "ava";
import { backup, restic, stand, standWithRepository } from "../servers/stand.ts";
import type { Seen } from "../servers/fault-proxy.ts";

test("folders that were looked for in vain are made from the top down, with a request each", async (t) => {
  const { connected, proxy } = await stand(t);
  const { remote } = connected;
  for (const folder of ["mirror", "mirror/a"]) await t.throwsAsync(remote.list(folder));
  const before = proxy.seen.length;
  await remote.makeFolder("mirror/a/b");
  t.deepEqual(made(proxy.seen.slice(before)), ["mirror", "mirror/a", "mirror/a/b"]);
});

test("a folder that was wrongly taken for missing is used all the same", async (t) => {
  const { connected, proxy } = await stand(t);
  const { remote } = connected;
  await remote.makeFolder("mirror/a");
  proxy.add(({ method }) => method === "PROPFIND", { kind: "status", status: 404 }, 1);
  await t.throwsAsync(remote.list("mirror/a"));
  await remote.write("mirror/a/b/file", Buffer.from("x"), { size: 1 });
  t.like(await remote.stat("mirror/a/b/file"), { size: 1 });
});

test("the key that every restic reads first is asked for once for all of a minute", async (t) => {
  const { folder, session, proxy, source } = await standWithRepository(t);
  const own = await session();
  const before = proxy.seen.length;
  for (const args of [[...backup, source], ["snapshots"], ["check"]]) {
    const told = await restic(own, folder, args);
    t.is(told.code, 0, told.all);
  }
  const keys = proxy.seen.slice(before).filter(({ path }) => /\/keys\/[0-9a-f]{64}$/.test(path));
  t.is(keys.length, 1, JSON.stringify(keys));
});

/** Folders that somebody tried to make, below ours. */
function made(seen: readonly Seen[]): string[] {
  return seen
    .filter(({ method }) => method === "MKCOL")
    .map(({ path }) => path.replace(/^\/storage\//, "").replace(/\/$/, ""));
}
