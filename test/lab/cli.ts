import type { Machine } from "../../lab/machine.ts";
import { swarmnfsThere } from "../../lab/program.ts";

/** `swarmnfs LINE` on a node, its words separated by spaces; returns what it printed, throws with its complaint. */
export function swarmnfs(node: Machine, line: string): Promise<string> {
  return node.must(`${swarmnfsThere} ${line}`, { timeout: 120_000 });
}
