import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { execa } from "execa";
import { BackedUp } from "../engine/backed-up.ts";
import { openDav } from "../engine/dav.ts";
import { resticOfTheImage } from "../restic.ts";
import { Restorable } from "../restorable.ts";
import { startApache } from "../servers/apache.ts";
import { FaultProxy } from "../servers/fault-proxy.ts";

const at = "2026-03-01T06:00:00Z";

test.serial(
  "fault 47: a version comes back from a server that lets nobody write any more",
  async (t) => {
    const given = await BackedUp.begin(t);
    await chmod(given.top, 0o755);
    const folder = join(given.top, "apache");
    await mkdir(folder);
    const server = await startApache({ folder });
    t.teardown(() => server.stop());
    const proxy = await FaultProxy.before(server.url);
    t.teardown(() => proxy.down());
    given.dav = await openDav(t, { ...server, url: proxy.url });
    const place = await Restorable.begin(t, given);
    await writeFile(join(place.folder("blog_data"), "post"), "hello");
    await place.save("blog_data", at);
    proxy.add(({ method }) => /^(PUT|MKCOL|MOVE|DELETE|COPY)$/.test(method), {
      kind: "status",
      status: 403,
    });
    const report = await place
      .restorer()
      .restore({ source: "blog", at: null, paths: [], to: { kind: "volume", name: "back" } });
    t.deepEqual(report.differences, []);
    t.is(await readFile(join(place.folder("back"), "post"), "utf8"), "hello");
  },
);

test.serial(
  "no lock-in: plain restic over plain rclone reads it with the password alone",
  async (t) => {
    const given = await BackedUp.withApache(t);
    const place = await Restorable.begin(t, given);
    await writeFile(join(place.folder("blog_data"), "post"), "hello");
    const snapshot = await place.save("blog_data", at);
    const { url, user, password } = given.dav?.server ?? t.fail();
    const obscured = await execa("rclone", ["obscure", password]);
    const target = join(given.top, "plain");
    const program = await resticOfTheImage();
    const plain = (...args: string[]): ReturnType<typeof execa> =>
      execa(program, ["-r", "rclone:backup:storage1/repositories/blog", ...args], {
        env: {
          RESTIC_PASSWORD: "correct horse",
          RESTIC_CACHE_DIR: join(given.top, "plain-cache"),
          RCLONE_CONFIG: join(given.top, "rclone.conf"),
          RCLONE_CONFIG_BACKUP_TYPE: "webdav",
          RCLONE_CONFIG_BACKUP_URL: url,
          RCLONE_CONFIG_BACKUP_VENDOR: "other",
          RCLONE_CONFIG_BACKUP_USER: user,
          RCLONE_CONFIG_BACKUP_PASS: obscured.stdout,
        },
      });
    await plain("check", "--read-data");
    await plain("restore", snapshot, "--target", target, "--sparse");
    t.is(await readFile(join(target, "post"), "utf8"), "hello");
  },
);
