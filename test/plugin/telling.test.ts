import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { hook } from "../service/notifier/hook.ts";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

test("a node whose state came from another machine tells people, and nobody else's business with it", async (t) => {
  const { url, told } = await hook(t);
  const plugin = await startPlugin(t, { environment: { NOTIFY_WEBHOOK_URL: `${url}?s3cret` } });
  t.deepEqual(told, []);
  await plugin.crash();
  const file = join(plugin.state, "node.json");
  const document = JSON.parse(await readFile(file, "utf8")) as { machine: string | null };
  await writeFile(file, JSON.stringify({ ...document, machine: "another" }));
  await plugin.begin();
  if (document.machine === null) {
    t.pass("this machine cannot be told from its copies");
    return;
  }
  // Where the first look at the storage is slow, with the second round.
  await until("it is told", () => told.length > 0, 30_000);
  t.like(told[0], {
    kind: "opened",
    key: "copy",
    title: 'Node "node1" is a copy of another machine',
    from: "plugin on node1",
  });
  await plugin.crashAndBegin();
  t.is(told.length, 1);
  t.false(JSON.stringify(plugin.lines).includes("s3cret"));
});

test("where nobody is to be told, nothing is kept of it", async (t) => {
  const plugin = await startPlugin(t);
  await t.throwsAsync(readFile(join(plugin.state, "incidents.json")), { code: "ENOENT" });
});
