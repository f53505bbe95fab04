import type { Socket } from "node:net";
import { type LiveNode, localAdmin } from "../nodes/live-node.ts";
import { type Peer, peerOf } from "../nodes/peer.ts";

/** A way in, and how one tells there who calls. */
export interface Door {
  /** By whom and from where, for limits; null: nobody is limited here. */
  caller(socket: Socket): Caller | null;
  /** Throws `Refusal` (unknown-node) and `UserError` (denied). */
  authenticate(socket: Socket): LiveNode;
}

export interface Caller {
  readonly address: string;
  /** What a certificate says, which may be void; null: there is none. */
  readonly node: string | null;
}

/** The network: nodes come with certificates. */
export function networkDoor(nodes: { authenticate(peer: Peer): LiveNode }): Door {
  return {
    caller: (socket) => {
      const { address, certificate } = peerOf(socket);
      return { address, node: certificate === null ? null : `${certificate.id}@${address}` };
    },
    authenticate: (socket) => nodes.authenticate(peerOf(socket)),
  };
}

/** The socket in the server's container: whoever can open it is an administrator. */
export const adminDoor: Door = { caller: () => null, authenticate: () => localAdmin };
