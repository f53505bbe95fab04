import type { Lab, Tell } from "./lab.ts";
import type { Machine } from "./machine.ts";
import { swarmnfsThere } from "./program.ts";

/** Milliseconds in which a plugin that was enabled has its storage. */
const patience = 600_000;

/** What the plugin of every node is told, as `docker plugin set` and `docker plugin install` take it. */
export const pluginSettings = "SWARMNFS_STORAGE=nfs://nas.lan/volume1/swarm";

/**
 * Makes a swarm of the lab's nodes, with the plugin on each; `settings` says what a node's plugin is told, and by default
 * that the NAS is its storage. Does only what is undone.
 */
export async function formSwarm(
  lab: Lab,
  tell: Tell,
  settings: (node: Machine) => Promise<string> = async () => pluginSettings,
): Promise<void> {
  const [first, ...others] = lab.nodes;
  if (first === undefined) return;
  await lead(first);
  await Promise.all(others.map((node) => join(first, node)));
  tell(`swarm of ${lab.nodes.length} nodes, led by ${first.name}`);
  // One after the other: Docker gives a plugin some nine seconds to listen, and emulated machines share processors.
  for (const node of lab.nodes) await enablePlugin(node, settings);
  tell("the plugin is enabled on every node");
  await Promise.all(lab.nodes.map(usesItsStorage));
  tell("every node can use its storage");
}

/** Waits until the plugin does what it needs its storage for; where machines are emulated that is after a minute or two. */
async function usesItsStorage(node: Machine): Promise<void> {
  const { exitCode } = await node.run(
    `timeout ${patience / 1000} sh -c 'until ${swarmnfsThere} trash >/dev/null; do sleep 3; done'`,
    { timeout: patience + 30_000 },
  );
  if (exitCode !== 0) throw new Error(`the plugin of ${node.name} cannot use its storage`);
}

async function lead(node: Machine): Promise<void> {
  if (await isInSwarm(node)) return;
  const { address } = node.plan;
  await node.must(`docker swarm init --advertise-addr ${address} --listen-addr ${address}:2377`);
}

async function join(leader: Machine, node: Machine): Promise<void> {
  if (await isInSwarm(node)) return;
  const token = await leader.must("docker swarm join-token --quiet worker");
  const { address } = node.plan;
  await node.must(
    `docker swarm join --token ${token} --advertise-addr ${address} ${leader.plan.address}:2377`,
  );
}

async function isInSwarm(node: Machine): Promise<boolean> {
  return (await node.must("docker info --format '{{.Swarm.LocalNodeState}}'")) === "active";
}

async function enablePlugin(
  node: Machine,
  settings: (node: Machine) => Promise<string>,
): Promise<void> {
  const isEnabled = await node.must("docker plugin inspect --format '{{.Enabled}}' swarmnfs");
  if (isEnabled === "true") return;
  await node.must(
    `docker plugin set swarmnfs ${await settings(node)} && docker plugin enable swarmnfs`,
    { timeout: 180_000 },
  );
}
