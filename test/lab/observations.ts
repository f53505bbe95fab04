import type { Machine } from "../../lab/machine.ts";
import type { HealthReport } from "../../nfs-server/health/health.ts";
import { eventually } from "./eventually.ts";

const reading = `
require("node:http").get({ socketPath: "/run/swarmnfs/server.sock", path: process.argv[1] },
  async (response) => process.stdout.write((await Array.fromAsync(response)).join("")));`;

/** `/health` or `/metrics` as an administrator sees it in the server's container. */
async function page(storage: Machine, path: string): Promise<string> {
  return storage.must(
    `cd /root && docker compose -f nfs-server.compose.yml exec -T nfs-server node -e '${reading}' ${path}`,
    { timeout: 120_000 },
  );
}

/** Waits until a check of the server is in a state, in `/health` and in `/metrics`; returns the reason. */
export function checkIs(
  storage: Machine,
  name: string,
  state: "ok" | "degraded" | "failed",
): Promise<string> {
  const number = ["ok", "degraded", "failed"].indexOf(state);
  return eventually(async () => {
    const { checks } = JSON.parse(await page(storage, "/health")) as HealthReport;
    const found = checks.find((check) => check.name === name);
    if (found?.state !== state) return false;
    const metrics = await page(storage, "/metrics");
    const isSaid = metrics.includes(`swarmnfs_check_state{check="${name}"} ${number}\n`);
    return isSaid && { reason: found.reason };
  }, `/health and /metrics say that the ${name} is ${state}`).then(({ reason }) => reason);
}
