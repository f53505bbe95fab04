import type { NodeIdentity } from "../storage.ts";

export interface CertificateRequest {
  /** PKCS #8, PEM. It never leaves this node. */
  readonly key: string;
  /** PKCS #10, PEM. */
  readonly request: string;
}

/** A new key, and the request for a certificate that says whose it is: the id as its name, the node's name as a URN. */
export async function certificateRequest(node: NodeIdentity): Promise<CertificateRequest> {
  const { x509, keyAlgorithm } = await import("./x509.ts"); // large, and needed once a month
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [node.id] }],
    keys,
    signingAlgorithm: keyAlgorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: "url", value: `urn:swarmnfs:node:${encodeURIComponent(node.name)}` },
      ]),
    ],
  });
  const secret = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    key: x509.PemConverter.encode(secret, "PRIVATE KEY"),
    request: request.toString("pem"),
  };
}
