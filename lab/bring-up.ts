import type { Lab, Tell } from "./lab.ts";
import { allJoined, joiningSettings, startServer } from "./server.ts";
import { formSwarm } from "./swarm.ts";

/**
 * Starts the machines and makes a swarm of the nodes, with the plugin on each: on our own NFS server where the lab has a
 * storage machine, else on the NAS. Does only what is undone.
 */
export async function bringUp(lab: Lab, tell: Tell): Promise<void> {
  await lab.start(tell);
  if (!lab.hasStorage) return formSwarm(lab, tell);
  await startServer(lab, tell);
  await formSwarm(lab, tell, (node) => joiningSettings(lab, node));
  await allJoined(lab, tell);
}
