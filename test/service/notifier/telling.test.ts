import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import test from "ava";
import * as z from "zod";
import { systemClock } from "../../../service/clock.ts";
import { createLog } from "../../../service/log.ts";
import { notifySettings, notifyVariables } from "../../../service/notifier/notify-settings.ts";
import { tellingPeople } from "../../../service/notifier/telling.ts";

const log = createLog("test", { level: "silent", format: "json" });
const problem = {
  key: "failed blog",
  title: 'App "blog" could not be backed up',
  text: "blog_data: EIO",
};

test("people hear of a problem and of its end, and the dead man's switch is called while there is none", async (t) => {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await text(request);
      heard.push(request.url === "/ping" ? "ping" : (JSON.parse(body) as { kind: string }).kind);
      response.end();
    };
    void answer();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-telling-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const { port } = server.address() as AddressInfo;
  const environment = {
    NOTIFY_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
    NOTIFY_PING_URL: `http://127.0.0.1:${port}/ping`,
  };
  const tell = await tellingPeople({
    notify: notifySettings(z.object(notifyVariables).parse({}), environment),
    from: "backup of storage1 on node2",
    file: path.join(folder, "told.json"),
    clock: systemClock,
    log,
  });
  await tell([problem], false);
  await tell([problem], false);
  t.deepEqual(heard, ["opened"]);
  await tell([], true);
  await tell([], true);
  t.deepEqual(heard, ["opened", "resolved", "ping"]);
});
