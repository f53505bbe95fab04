import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Authority } from "../../../nfs-server/nodes/authority.ts";

const day = 24 * 60 * 60 * 1000;
const start = Date.parse("2026-03-01T12:00:00Z");

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-authority-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("the authority is made once, is root's alone, and is the same after a restart", async (t) => {
  const folder = await folderOf(t);
  const clock = { now: () => start };
  const first = await Authority.open(folder, false, clock);
  const second = await Authority.open(folder, true, clock);
  t.is(second.fingerprint, first.fingerprint);
  t.regex(first.fingerprint, /^[0-9a-f]{64}$/);
  t.is(
    new X509Certificate(first.certificate).fingerprint256.replaceAll(":", "").toLowerCase(),
    first.fingerprint,
  );
  t.is((await stat(join(folder, "authority.pem"))).mode & 0o777, 0o600);
  t.false((await readFile(join(folder, "authority.crt"), "utf8")).includes("PRIVATE"));
});

test("two that start at once have one authority", async (t) => {
  const folder = await folderOf(t);
  const clock = { now: () => start };
  const [a, b] = await Promise.all([1, 2].map(() => Authority.open(folder, false, clock)));
  t.is(a?.fingerprint, b?.fingerprint);
});

for (const [what, text] of [
  ["empty", ""],
  ["damaged", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
] as const) {
  test(`an authority whose file is ${what} is never made anew`, async (t) => {
    const folder = await folderOf(t);
    const path = join(folder, "authority.pem");
    await writeFile(path, text);
    await t.throwsAsync(Authority.open(folder, false, { now: () => start }), {
      message:
        /authority\.pem cannot be used: .* never made anew by itself\. Restore it from a backup/,
    });
    t.is(await readFile(path, "utf8"), text);
  });
}

test("an authority that is gone while nodes know it is not made anew", async (t) => {
  const folder = await folderOf(t);
  await t.throwsAsync(Authority.open(folder, true, { now: () => start }), {
    message: /it is gone, and nodes have enrolled with it/,
  });
});

test("the server's certificate names its addresses, and is made anew for another and at half of its life", async (t) => {
  const folder = await folderOf(t);
  let now = start;
  const authority = await Authority.open(folder, false, { now: () => now });
  t.is(authority.serverUntil, null);
  const first = await authority.serverIdentity(["10.0.0.5"]);
  t.true((authority.serverUntil ?? 0) < authority.until);
  t.is((await authority.serverIdentity(["10.0.0.5"])).chain, first.chain);
  const leaf = new X509Certificate(first.chain);
  t.is(leaf.subject, "CN=swarmnfs-server");
  t.truthy(leaf.checkIP("10.0.0.5"));
  t.truthy(leaf.checkHost("swarmnfs-server"));
  t.is(leaf.checkIssued(new X509Certificate(authority.certificate)), true);

  const second = await authority.serverIdentity(["10.0.0.6", "fd00::5"]);
  t.truthy(new X509Certificate(second.chain).checkIP("fd00::5"));
  now += 200 * day;
  const third = await authority.serverIdentity(["10.0.0.6"]);
  t.not(third.chain, second.chain);

  await writeFile(join(folder, "server.pem"), "garbage");
  t.truthy(await authority.serverIdentity(["10.0.0.6"]));
});
