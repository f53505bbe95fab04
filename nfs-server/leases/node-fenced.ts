import { UserError } from "../../service/user-error.ts";
import type { Fence } from "./standing-file.ts";

/** The node is fenced: nothing is granted to it until it has unmounted everything and reported back. */
export class NodeFenced extends UserError {
  constructor(node: string, fence: Fence) {
    super(
      "denied",
      `node "${node}" is fenced since ${fence.at}: ${fence.because}. Its plugin unmounts what it had and reports back by itself. Where it cannot, reboot the node, or, when nothing of this storage is mounted there: swarmnfs server unfence ${node}`,
    );
  }
}
