// What a plugin does first.
import test from "ava";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

test("the storage is opened at once, which may be the node's joining, and not when everything else is done", async (t) => {
  const plugin = await startPlugin(t);
  await plugin.crash();
  plugin.asked.clear();
  const slow = Promise.withResolvers<void>();
  const mounted = plugin.mounter.mounted.bind(plugin.mounter);
  plugin.mounter.mounted = async () => {
    await slow.promise;
    return mounted();
  };
  const beginning = plugin.begin();
  await until("it is opened", () => (plugin.asked.get("open") ?? 0) > 0);
  slow.resolve();
  await t.notThrowsAsync(beginning);
});
