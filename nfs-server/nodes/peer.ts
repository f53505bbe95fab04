import type { X509Certificate } from "node:crypto";
import { TLSSocket } from "node:tls";
import type { Socket } from "node:net";
import { plainAddress } from "../policy/host-pattern.ts";

/** Who is at the other end of a connection, as far as TLS proves it. */
export interface Peer {
  readonly address: string;
  /** Of our authority, and in its time; null: see `trouble`. */
  readonly certificate: {
    readonly id: string;
    readonly serial: string;
    readonly until: number;
  } | null;
  /** Why there is none, in TLS's words. */
  readonly trouble: string;
}

export function peerOf(socket: Socket): Peer {
  const address = plainAddress(socket.remoteAddress ?? "");
  if (!(socket instanceof TLSSocket)) return { address, certificate: null, trouble: "no TLS" };
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { address, certificate: null, trouble: "no certificate" };
  if (!socket.authorized) {
    const reason = String(socket.authorizationError ?? "not ours");
    return { address, certificate: null, trouble: reason };
  }
  return { address, certificate: readCertificate(certificate), trouble: "" };
}

function readCertificate(certificate: X509Certificate) {
  return {
    id: /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? "",
    serial: certificate.serialNumber.toLowerCase(),
    until: Date.parse(certificate.validTo),
  };
}
