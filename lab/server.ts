import type { Lab, Tell } from "./lab.ts";
import type { Machine } from "./machine.ts";

/** What `docker compose` is given on the storage machine. */
const compose = "cd /root && docker compose -f nfs-server.compose.yml";

/** Milliseconds until it listens; seconds, where machines are not emulated. */
const patience = 600_000;

/**
 * Starts our NFS server on the storage machine as people do, by the compose file, unless it runs, and waits until it
 * listens. Its settings are in /root/.env there. Throws with the end of its log if it does not come up.
 */
export async function startServer({ storage }: Lab, tell: Tell): Promise<void> {
  await storage.must(`${compose} up --detach`);
  const listens = ["2049", "2050"]
    .map((port) => `until ss -Hltn "sport = :${port}" | grep -q .; do sleep 0.5; done`)
    .join("; ");
  const { exitCode } = await storage.run(`timeout ${patience / 1000} sh -c '${listens}'`);
  if (exitCode !== 0) {
    const log = await storage.run(`${compose} logs --tail 20`);
    throw new Error(
      `our NFS server does not come up on ${storage.name}:\n${log.stdout}${log.stderr}`,
    );
  }
  tell(`our NFS server listens on ${storage.name} (${storage.plan.address})`);
}

/** What makes a node's plugin join our server: where it is, and a token for this node alone, in the place of one before. */
export async function joiningSettings({ storage }: Lab, node: Machine): Promise<string> {
  const said = await storage.must(
    `${compose} exec -T nfs-server swarmnfs server token ${node.name} --replace`,
  );
  const [token] = /swarmnfs-join-1\.\S+/.exec(said) ?? [];
  if (token === undefined) throw new Error(`${storage.name} gives no join token, it says: ${said}`);
  return `SWARMNFS_STORAGE=swarmnfs://storage.lan SWARMNFS_JOIN_TOKEN=${token}`;
}

/** Waits until every node has joined; from then on none of them is refused for not having done so. */
export async function allJoined({ storage, nodes }: Lab, tell: Tell): Promise<void> {
  // A node's record is there as soon as it has its certificate.
  const joined =
    '[ $(ls "${SWARMNFS_DISK:-/nfs_volumes}"/.swarmnfs/server/nodes/*.json 2>/dev/null | wc -l) -ge $0 ]';
  const { exitCode } = await storage.run(
    `set -a; . /root/.env; timeout ${patience / 1000} sh -c 'until ${joined}; do sleep 0.5; done' ${nodes.length}`,
  );
  if (exitCode !== 0)
    throw new Error(`not all nodes have joined our NFS server on ${storage.name}`);
  tell("every node has joined our NFS server");
}
