import type { Machine } from "../../lab/machine.ts";
import { nodeThere } from "../../lab/program.ts";

const program = "/var/lib/docker/plugins/*/rootfs/app/swarmnfs.mjs";

/** `swarmnfs LINE` on a node, its words separated by spaces; returns what it printed, throws with its complaint. */
export function swarmnfs(node: Machine, line: string): Promise<string> {
  return node.must(`${nodeThere} ${program} ${line}`, { timeout: 120_000 });
}
