import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

/**
 * Starts a container `name` on the node that counts in the file `<name>` of its volume, and ends as soon as that fails
 * once: while it runs, its volume has worked.
 */
export function startCounter(
  on: Cluster,
  node: Machine,
  name: string,
  volume: string,
  flags = "",
): Promise<string> {
  const script = `set -e; n=0; while :; do n=$((n+1)); echo $n >/d/${name}; sleep 1; done`;
  return on.container(node, name, volume, script, flags);
}

/** Waits until the container has counted further; throws when it has stopped or does not get on. */
export async function countsOn(on: Cluster, node: Machine, name: string): Promise<void> {
  const count = async (): Promise<number> => {
    const { stdout } = await on.attempt(node, `exec ${name} cat /d/${name}`);
    return Number(stdout);
  };
  // The file is empty for a moment with every write.
  const before = await eventually(async () => (await count()) || null, `${name} counts`);
  await eventually(async () => (await count()) > before, `${name} counts on from ${before}`);
}

/** Since when the container runs; the same text means that it was not started anew. */
export function runningSince(on: Cluster, node: Machine, name: string): Promise<string> {
  return on.docker(node, "inspect --format", "{{.State.Running}} {{.State.StartedAt}}", name);
}
