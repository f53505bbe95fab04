import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import path from "node:path";
import test from "ava";
import { checkTarget } from "../../../../backup-sidecar/repository/target/check-target.ts";
import { RestBridge } from "../../../../backup-sidecar/repository/bridge/rest-bridge.ts";
import { TargetUrl } from "../../../../backup-sidecar/repository/target/target-url.ts";
import { webdavTarget } from "../../../../backup-sidecar/repository/target/webdav-target.ts";
import { Secret } from "../../../../service/secret.ts";
import { UserError } from "../../../../service/user-error.ts";
import { startApache } from "../../servers/apache.ts";
import { account } from "../../servers/dav-server.ts";
import { FaultProxy } from "../../servers/fault-proxy.ts";
import { startNodeDav } from "../../servers/node-dav.ts";
import { ownFolder, quick, reach, targetOf } from "../../servers/reach.ts";
import { backup, restic, stand, standWithRepository } from "../../servers/stand.ts";

test("of a Nextcloud the plain address is enough: its folder for the user is found", async (t) => {
  const server = await startNodeDav({ folder: await ownFolder(t), cloud: true, quota: 1_000_000 });
  t.teardown(() => server.stop());
  const { location, remote } = await reach(server.url);
  t.is(location, `${server.url}remote.php/dav/files/swarm/storage/`);
  await remote.write("mirror/file", Buffer.from("x"), { size: 1 });
  t.deepEqual(await readdir(path.join(server.files, "storage/mirror")), ["file"]);
  t.true(((await remote.free()) ?? 0) > 900_000);
});

test("a web server that knows no WebDAV is told as such", async (t) => {
  const server = createServer((_, response) => void response.end("<html>Hello</html>"));
  server.listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await new Promise((resolve) => void server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const failure = await t.throwsAsync(
    reach(`http://127.0.0.1:${port}/`, { endurance: { ...quick, outageMs: 0 } }),
  );
  t.like(failure, { kind: "wrong-target" });
  t.regex(failure?.message ?? "", /answers, but not as WebDAV/);
});

test("two services that come at once agree on one marker", async (t) => {
  const server = await startApache({ folder: await ownFolder(t) });
  t.teardown(() => server.stop());
  const both = await Promise.all([reach(server.url), reach(server.url)]);
  const ids = both.map(({ marker }) => marker?.id);
  t.truthy(ids[0]);
  const { marker } = await reach(server.url);
  t.true(ids.includes(marker?.id));
});

for (const code of [429, 503, 504])
  test(`a server that answers ${code} when it is tried out is not taken for one that cannot move files`, async (t) => {
    const server = await startNodeDav({ folder: await ownFolder(t) });
    t.teardown(() => server.stop());
    const proxy = await FaultProxy.before(server.url);
    t.teardown(() => proxy.down());
    const rule = proxy.add(({ method }) => method === "MOVE", { kind: "status", status: code }, 1);
    const { remote } = await reach(proxy.url);
    t.is(rule.hits, 1);
    t.true(remote.profile.move);
  });

test("without leave to write nothing is made, and what is there is found", async (t) => {
  const server = await startNodeDav({ folder: await ownFolder(t) });
  t.teardown(() => server.stop());
  const { marker } = await reach(server.url, {}, { mayWrite: false });
  t.is(marker, null);
  t.deepEqual(await readdir(server.files), []);
  const made = await reach(server.url);
  const found = await reach(server.url, {}, { mayWrite: false });
  t.is(found.marker?.id, made.marker?.id);
});

test("check-target says of each address what it found, and why one does not work", async (t) => {
  const server = await startNodeDav({
    folder: await ownFolder(t),
    withoutMove: true,
    withoutRanges: true,
    clockAheadMs: 3_600_000,
    quota: 100_000_000,
  });
  t.teardown(() => server.stop());
  const findings = await checkTarget(targetOf(`${server.url}, http://127.0.0.1:1/dav`), null);
  const said = findings.map(({ state, text }) => `${state}: ${text}`).join("\n");
  for (const words of [
    /^ok: http:\/\/localhost:\d+\/ answers; our folder is http:\/\/localhost:\d+\/storage\//m,
    /^warning: It cannot move files/m,
    /^warning: It gives no parts of files/m,
    /^warning: Its clock is 3[56]\d\d s ahead of ours/m,
    /^warning: 9\dM are left/m,
    /^problem: http:\/\/127.0.0.1:1\/dav\/: "127.0.0.1:1" refuses connections/m,
  ])
    t.regex(said, words);
  t.deepEqual(await readdir(path.join(server.files, "storage/.swarmnfs/probe")), []);
});

test("an address in a file is read anew when the file changes, and kept when it becomes nonsense", async (t) => {
  const file = path.join(await ownFolder(t), "url");
  await writeFile(file, "https://one.lan/\n");
  let now = 0;
  const troubles: unknown[] = [];
  const url = new TargetUrl(
    Secret.inFile("WEBDAV_URL", file),
    (error) => void troubles.push(error),
    {
      now: () => now,
      sleep: () => Promise.resolve(),
    },
  );
  const hrefs = async (): Promise<string[]> => (await url.addresses()).map(({ href }) => href);
  t.deepEqual(await hrefs(), ["https://one.lan/"]);
  await writeFile(file, "https://two.lan/,https://one.lan/");
  t.deepEqual(await hrefs(), ["https://one.lan/"]);
  now = 6000;
  t.deepEqual(await hrefs(), ["https://two.lan/", "https://one.lan/"]);
  await writeFile(file, "nonsense");
  now = 12_000;
  t.deepEqual(await hrefs(), ["https://two.lan/", "https://one.lan/"]);
  t.is(troubles.length, 1);
  t.true(troubles[0] instanceof UserError);
});

test("settings that cannot be right are refused by name", async (t) => {
  const folder = await ownFolder(t);
  await writeFile(path.join(folder, "ca"), "nothing");
  const usual = {
    url: Secret.text("WEBDAV_URL", "https://nas.lan/"),
    username: null,
    password: null,
    caFile: null,
    pin: null,
    redirectHosts: [],
    uploadLimit: "off",
    downloadLimit: "off",
  };
  const target = (change: Partial<typeof usual>): Promise<unknown> =>
    webdavTarget({ ...usual, ...change }, "storage", () => undefined);
  await t.notThrowsAsync(target({}));
  await t.throwsAsync(target({ caFile: path.join(folder, "none") as never }), {
    message: /^WEBDAV_CA_FILE=.* cannot be read/,
  });
  await t.throwsAsync(target({ caFile: path.join(folder, "ca") as never }), {
    message: /^WEBDAV_CA_FILE=.* holds no certificate/,
  });
  await t.throwsAsync(target({ uploadLimit: "fast" }), {
    message: /^UPLOAD_LIMIT=fast is wrong/,
  });
  await t.throwsAsync(target({ url: Secret.text("WEBDAV_URL", "nas.lan") }), {
    message: /WEBDAV_URL is no address/,
  });
});

test("what a killed service left half-sent is swept away after a day, by the server's clock", async (t) => {
  const server = await startNodeDav({ folder: await ownFolder(t), clockAheadMs: 3_600_000 });
  t.teardown(() => server.stop());
  await reach(server.url);
  const temporary = path.join(server.files, "storage/.swarmnfs/tmp");
  await mkdir(temporary, { recursive: true });
  for (const [name, hours] of [
    ["old", 24],
    ["young", 20],
  ] as const) {
    const file = path.join(temporary, name);
    await writeFile(file, "half");
    const then = new Date(Date.now() - hours * 3_600_000);
    await utimes(file, then, then);
  }
  await reach(server.url);
  t.deepEqual(await readdir(temporary), ["young"]);
});

test("a service that starts anew asks once which folders of data there are", async (t) => {
  const made = await standWithRepository(t);
  const first = await made.session();
  t.is((await restic(first, made.folder, [...backup, made.source])).code, 0);
  made.proxy.seen.length = 0;
  const { remote } = await reach(made.proxy.url);
  const bridge = await RestBridge.listen(remote, { uploadsFailMs: 1000 });
  t.teardown(() => bridge.close());
  const second = await bridge.session("repositories/blog");
  t.is((await restic(second, made.folder, [...backup, "--force", made.source])).code, 0);
  const questions = made.proxy.seen.filter(
    ({ method, path: at }) => method === "PROPFIND" && at.endsWith("/blog/data/"),
  );
  t.is(questions.length, 1);
});

test("a session that only reads lets restic read without a lock, and nothing else", async (t) => {
  const made = await standWithRepository(t);
  const session = await made.session({ readOnly: true });
  const snapshots = await restic(session, made.folder, ["snapshots", "--no-lock"]);
  t.is(snapshots.code, 0, snapshots.all);
  const told = await restic(session, made.folder, [...backup, made.source]);
  t.not(told.code, 0);
  t.is(session.trouble, null);
});

test("a repository is made only with leave, and its configuration is never replaced or removed", async (t) => {
  const made = await stand(t);
  const without = await made.session();
  t.not((await restic(without, made.folder, ["init"])).code, 0);
  t.deepEqual(await readdir(path.join(made.server.files, "storage")), [".swarmnfs"]);
  const session = await made.session({ mayCreate: true });
  t.is((await restic(session, made.folder, ["init"])).code, 0);
  t.is((await restic(await made.session(), made.folder, ["cat", "config"])).code, 0);
  const again = await made.session({ mayCreate: true });
  t.not((await restic(again, made.folder, ["init"])).code, 0);
  for (const method of ["DELETE", "POST"]) t.is(await status(again, method, "config"), 403, method);
});

test("nobody gets to a repository without its session's path and password", async (t) => {
  const made = await standWithRepository(t);
  const session = await made.session();
  t.is(await status(session, "GET", "config"), 200);
  t.is(await status({ ...session, url: session.url, environment: {} }, "GET", "config"), 401);
  t.is(
    await status(
      { url: new URL("/wrong/", session.url).href, environment: session.environment },
      "GET",
      "config",
    ),
    403,
  );
  await session.close();
  t.is(await status(session, "GET", "config"), 403);
  t.false(session.url.includes(account.password));
});

interface Door {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

function status({ url, environment }: Door, method: string, what: string): Promise<number> {
  const auth = `${environment["RESTIC_REST_USERNAME"] ?? ""}:${environment["RESTIC_REST_PASSWORD"] ?? ""}`;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sending = request(new URL(what, url), { method, auth }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  sending.on("error", reject).end();
  return promise;
}
