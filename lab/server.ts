import type { Lab, Tell } from "./lab.ts";

/** Milliseconds until it listens; seconds, where machines are not emulated. */
const patience = 180_000;

/**
 * Starts our NFS server on the storage machine as people do, by the compose file, unless it runs, and waits until it
 * listens. Its settings are in /root/.env there. Throws with the end of its log if it does not come up.
 */
export async function startServer({ storage }: Lab, tell: Tell): Promise<void> {
  await storage.must(
    "cd /root && docker compose -f nfs-server.compose.yml up --detach --quiet-pull",
  );
  const listens = ["2049", "2050"]
    .map((port) => `until ss -Hltn "sport = :${port}" | grep -q .; do sleep 0.5; done`)
    .join("; ");
  const { exitCode } = await storage.run(`timeout ${patience / 1000} sh -c '${listens}'`);
  if (exitCode !== 0) {
    const log = await storage.run(
      "cd /root && docker compose -f nfs-server.compose.yml logs --tail 20",
    );
    throw new Error(
      `our NFS server does not come up on ${storage.name}:\n${log.stdout}${log.stderr}`,
    );
  }
  tell(`our NFS server listens on ${storage.name} (${storage.plan.address})`);
}
