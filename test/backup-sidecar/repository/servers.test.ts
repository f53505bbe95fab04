import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { execa } from "execa";
import { RemoteFailure } from "../../../backup-sidecar/repository/failure.ts";
import { resticOfTheImage } from "../restic.ts";
import { startApache } from "../servers/apache.ts";
import type { DavServer } from "../servers/dav-server.ts";
import { startNginx } from "../servers/nginx.ts";
import { startNodeDav } from "../servers/node-dav.ts";
import { startRclone } from "../servers/rclone.ts";
import { backup, restic, stand } from "../servers/stand.ts";

type Start = (options: { readonly folder: string }) => Promise<DavServer>;

const servers: Readonly<Record<string, Start>> = {
  "Apache mod_dav": startApache,
  "Apache mod_dav with Digest": (options) => startApache({ ...options, auth: "digest" }),
  nginx: startNginx,
  "rclone serve webdav": startRclone,
  "a server without MOVE": (options) => startNodeDav({ ...options, withoutMove: true }),
  "a server without ranges and with odd references": (options) =>
    startNodeDav({ ...options, withoutRanges: true, oddReferences: true }),
};

for (const [name, start] of Object.entries(servers)) {
  test(`restic makes, fills, checks, thins and restores a repository on ${name}`, async (t) => {
    const { folder, source, session, connected } = await stand(t, { start });
    const first = await session({ mayCreate: true });
    const run = async (...args: string[]): Promise<string> => {
      const told = await restic(first, folder, args);
      t.is(told.code, 0, `${args[0]}: ${told.all}`);
      return told.stdout;
    };
    await run("init");
    await run(...backup, source);
    await writeFile(path.join(source, "small"), "changed\n");
    await run(...backup, source);
    await run("check", "--read-data");
    const snapshots = JSON.parse(await run("snapshots", "--json")) as { id: string }[];
    t.is(snapshots.length, 2);
    await run("restore", "latest", "--target", path.join(folder, "out"));
    for (const file of ["large", "small"]) {
      const restored = await readFile(path.join(folder, "out", source, file));
      t.true(restored.equals(await readFile(path.join(source, file))), file);
    }
    t.deepEqual(first.trouble, null);
    await first.close();

    const oldest = snapshots[0]?.id ?? "";
    const bounds = { run: "r1", maxCount: 20, maxBytes: 1e9 };
    const forgetting = await session({
      permit: { ...bounds, kinds: ["snapshots"], names: [oldest] },
    });
    const forgotten = await restic(forgetting, folder, ["forget", oldest]);
    t.is(forgotten.code, 0, forgotten.all);
    t.is(forgetting.counts.deleted, 1);
    await forgetting.close();
    const second = await session({ permit: { ...bounds, kinds: ["data", "index"], names: null } });
    const pruned = await restic(second, folder, ["prune"]);
    t.is(pruned.code, 0, pruned.all);
    const check = await restic(second, folder, ["check", "--read-data"]);
    t.is(check.code, 0, check.all);
    t.true(second.counts.deleted >= 2);
    await second.close();
    if (connected.remote.profile.move)
      t.deepEqual(await connected.remote.list(".swarmnfs/tmp"), []);
  });

  test(`files are written, listed, read in parts, moved and removed on ${name}`, async (t) => {
    const { connected } = await stand(t, { start });
    const { remote } = connected;
    const text = Buffer.from("0123456789");
    await remote.write("mirror/a/b/file.txt", text, { size: 10 });
    await remote.write("mirror/a/b/file.txt", text, { size: 10 });
    t.like(await remote.stat("mirror/a/b/file.txt"), { name: "file.txt", kind: "file", size: 10 });
    t.is(await remote.stat("mirror/a/none"), null);
    t.like(await remote.list("mirror/a"), [{ name: "b", kind: "folder" }]);
    t.is(
      (await all(await remote.read("mirror/a/b/file.txt", { start: 2, end: 4 }))).toString(),
      "234",
    );
    t.is((await all(await remote.read("mirror/a/b/file.txt", { start: 7 }))).toString(), "789");
    await remote.move("mirror/a/b/file.txt", "backup_historys/a/one/file.txt");
    t.deepEqual(await remote.list("mirror/a/b"), []);
    await remote.makeFolder("mirror/c/b");
    if (remote.profile.move) await remote.move("mirror/a", "mirror/d");
    else
      await t.throwsAsync(remote.move("mirror/a", "mirror/d"), { message: /cannot move folders/ });
    t.like(await remote.stat("mirror/c/b"), { kind: "folder" });
    await t.throwsAsync(remote.list("mirror/none"), {
      instanceOf: RemoteFailure,
      message: /has no mirror\/none/,
    });
    const permit = {
      run: "r",
      kinds: ["mirror"] as const,
      names: null,
      maxCount: 1,
      maxBytes: 100,
    };
    await remote.remove("mirror/c", permit);
    t.is(await remote.stat("mirror/c"), null);
    await t.throwsAsync(remote.remove("backup_historys/a/one", permit), {
      message: /delete guard/,
    });
  });
}

test("what the bridge wrote is read by plain restic through rclone, with the password alone", async (t) => {
  const { folder, source, session, server } = await stand(t, { start: startApache });
  const own = await session({ mayCreate: true });
  for (const args of [["init"], [...backup, source]]) {
    const told = await restic(own, folder, args);
    t.is(told.code, 0, told.all);
  }
  const { stdout: hidden } = await execa("rclone", ["obscure", server.password]);
  const program = await resticOfTheImage();
  const plain = await execa(
    program,
    ["-r", "rclone:there:storage/repositories/blog", "check", "--read-data"],
    {
      env: {
        RESTIC_PASSWORD: "secret",
        RESTIC_CACHE_DIR: path.join(folder, "another-cache"),
        RCLONE_CONFIG_THERE_TYPE: "webdav",
        RCLONE_CONFIG_THERE_URL: server.url,
        RCLONE_CONFIG_THERE_VENDOR: "other",
        RCLONE_CONFIG_THERE_USER: server.user,
        RCLONE_CONFIG_THERE_PASS: hidden,
      },
      reject: false,
      all: true,
    },
  );
  t.is(plain.exitCode, 0, plain.all);
});

async function all(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
