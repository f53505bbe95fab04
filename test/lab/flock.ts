import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";

/** Busybox cannot lock: containers that shall are lent the programs of their node. */
const lent = ["/usr", "/lib", "/lib64"];

/** For `docker run`. */
export const canLock = lent.map((each) => `--volume ${each}:${each}:ro`).join(" ");

/** For `docker service create`. */
export const serviceCanLock = lent
  .map((each) => `--mount type=bind,source=${each},target=${each},readonly`)
  .join(" ");

/** Whether somebody has the lock of a file of the volume, as a container on that node sees it. */
export async function isLocked(
  on: Cluster,
  node: Machine,
  volume: string,
  file: string,
): Promise<boolean> {
  const flags = `run --rm --network none --name ${volume}-looks --volume ${volume}:/d ${canLock}`;
  const script = `flock -n /d/${file} echo free || echo locked`;
  return (await on.docker(node, `${flags} busybox sh -c`, script)) === "locked";
}
