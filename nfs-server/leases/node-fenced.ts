import { Refusal } from "../control/refusal.ts";
import type { Fence } from "./standing-file.ts";

/** Nothing is granted to a fenced node until it has unmounted everything and reported back. */
export function nodeFenced(node: string, fence: Fence): Refusal {
  return new Refusal(
    "fenced",
    `node "${node}" is fenced since ${fence.at}: ${fence.because}. Its plugin unmounts what it had and reports back by itself. Where it cannot, reboot the node, or, when nothing of this storage is mounted there: swarmnfs server unfence ${node}`,
  );
}
