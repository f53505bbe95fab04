import { KeyObject, X509Certificate } from "node:crypto";
import type { Peer } from "../../../nfs-server/nodes/peer.ts";
import type { Certificate } from "../../../storage/swarmnfs/protocol/node.ts";
import { keyAlgorithm, x509 } from "../../../storage/swarmnfs/x509.ts";

/** A machine's key, and its request for a certificate. */
export interface Machine {
  /** PEM. */
  readonly key: string;
  readonly request: string;
}

export async function newMachine(algorithm: EcKeyGenParams = keyAlgorithm): Promise<Machine> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=whatever",
    keys,
    signingAlgorithm: { ...algorithm, hash: "SHA-256" },
  });
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { key: key.toString(), request: request.toString("pem") };
}

/** Whoever has this certificate and calls from there, as TLS tells it. */
export function peerWith({ certificate }: Certificate, address: string): Peer {
  const { subject, serialNumber, validTo } = new X509Certificate(certificate);
  return {
    address,
    certificate: {
      id: subject.replace("CN=", ""),
      serial: serialNumber.toLowerCase(),
      until: Date.parse(validTo),
    },
    trouble: "",
  };
}

interface EcKeyGenParams {
  readonly name: string;
  readonly namedCurve: string;
}
