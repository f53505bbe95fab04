import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import test from "ava";
import { startFakePlugin } from "./fake-plugin.ts";
import { answers, volumeView } from "./world.ts";
import { volumeRecord } from "../storage/records/volume-record.ts";

const main = join(import.meta.dirname, "../../cli/main.ts");
const run = promisify(execFile);

test("the real process writes to a pipe and exits with the command's code", async (t) => {
  const plugin = await startFakePlugin(t, answers);
  const env = { SWARMNFS_SOCKET: plugin.socket };
  const good = await run(process.execPath, [main, "apps"], { env });
  t.is(
    good.stdout,
    `APP    SERVICES             HOSTS          SIZE   USED          VOLUMES
wiki   wiki, tools          *              100M   120M (over)   old_wiki
blog   stack blog (first)   *              -      2.0G          blog_data, blog_media
shop   shop                 node1, node2   100G   41G           db
3 apps, 4 volumes, 43G used
`,
  );
  t.is(good.stderr, "");
  const bad = await t.throwsAsync(run(process.execPath, [main, "doctor"], { env }));
  t.is(Reflect.get(bad ?? {}, "code"), 1);
});

test("a reader that has seen enough is no error", async (t) => {
  const many = Array.from({ length: 5000 }, (_, index) =>
    volumeView(volumeRecord(`volume${index}`)),
  );
  const plugin = await startFakePlugin(t, { ...answers, Volumes: () => ({ volumes: many }) });
  const env = { SWARMNFS_SOCKET: plugin.socket, PATH: process.env["PATH"] };
  const line = '{ "$0" "$1" volumes; echo "exit $?" >&2; } | head -n 1';
  const said = await run("sh", ["-c", line, process.execPath, main], { env });
  t.regex(said.stdout, /^VOLUME/);
  t.is(said.stderr, "exit 0\n");
});
