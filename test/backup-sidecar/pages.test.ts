import { once } from "node:events";
import type { AddressInfo } from "node:net";
import test from "ava";
import { createPages } from "../../backup-sidecar/pages.ts";
import { createLog } from "../../service/log.ts";
import { livelyStatus, livelyTraffic } from "./lively-status.ts";

const log = createLog("test", { level: "silent", format: "json" });

test("/health is alive whatever the backups are like, and /metrics has a number for each app", async (t) => {
  const server = createPages(livelyStatus, livelyTraffic(), log).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const health = await fetch(`${base}/health`);
  t.is(health.status, 200);
  t.like(await health.json(), { alive: true, state: "degraded" });
  const metrics = await (await fetch(`${base}/metrics`)).text();
  const has = (line: string): void => {
    t.true(metrics.includes(`${line}\n`), line);
  };
  has('swarmnfs_backup_last_success_timestamp_seconds{app="blog"} 1772356442');
  has('swarmnfs_backup_app_state{app="wiki",state="suspect"} 1');
  has('swarmnfs_backup_app_state{app="wiki",state="ok"} 0');
  has('swarmnfs_backup_last_run_seconds{app="blog"} 38');
  has('swarmnfs_backup_snapshots{app="shop"} 212');
  has('swarmnfs_backup_verified_ratio{app="wiki"} 0');
  has("swarmnfs_backup_up 1");
  has('swarmnfs_backup_requests_total{method="PUT",result="ok"} 2');
  for (const result of ["locked", "full", "network"])
    has(`swarmnfs_backup_requests_total{method="PUT",result="${result}"} 1`);
  has('swarmnfs_backup_requests_total{method="MKCOL",result="refused"} 1');
  has("swarmnfs_backup_sent_bytes_total 3000");
  t.is((await fetch(`${base}/`)).status, 404);
});
