import { X509Certificate } from "node:crypto";
import { rootCertificates, type PeerCertificate } from "node:tls";
import { RemoteFailure } from "../failure.ts";

/** Which certificates of the backup server are believed. */
export interface Trust {
  /** Certificates in PEM of a private authority (or the server's own), believed besides those everybody believes. */
  readonly ca: string | null;
  /**
   * SHA-256 of the server's certificate in hex, with or without colons. With a pin nothing else is asked: neither who signed
   * it, nor whether it has expired, nor its name.
   */
  readonly pin: string | null;
}

/** Authorities to believe; undefined means those of Node.js. */
export function authorities({ ca }: Trust): string[] | undefined {
  return ca === null ? undefined : [...rootCertificates, ca];
}

/** Null when the certificate is the pinned one, else why not. */
export function pinFailure(
  pin: string,
  host: string,
  shown: PeerCertificate,
): RemoteFailure | null {
  const fingerprint = plain(shown.fingerprint256 ?? "");
  if (fingerprint === plain(pin)) return null;
  return new RemoteFailure(
    "tls",
    `"${host}" shows another certificate than the pinned one (SHA-256 ${fingerprint || "unknown"}): if it was renewed, set WEBDAV_PIN to that; if not, somebody stands in between. Nothing was sent to it`,
  );
}

/** The SHA-256 of a certificate in PEM, as a pin. */
export function pinOf(pem: string): string {
  return plain(new X509Certificate(pem).fingerprint256);
}

function plain(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

const reasons = new Map([
  ["CERT_HAS_EXPIRED", "has expired: renew it on the server"],
  ["CERT_NOT_YET_VALID", "is not valid yet: is the clock of this machine right?"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "is signed by itself: give it as WEBDAV_CA_FILE, or pin it"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "comes from an unknown authority: give that as WEBDAV_CA_FILE"],
  [
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "comes from an unknown authority: give that as WEBDAV_CA_FILE",
  ],
  [
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "comes from an unknown authority: give that as WEBDAV_CA_FILE",
  ],
  ["UNABLE_TO_GET_ISSUER_CERT", "comes from an unknown authority: give that as WEBDAV_CA_FILE"],
  ["CERT_REVOKED", "was revoked: renew it on the server"],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "is for another name: use the name that it is for in WEBDAV_URL",
  ],
]);

/** The failure that an error of the TLS layer means, or null when it is something else. */
export function tlsFailure(code: string, host: string, cause: unknown): RemoteFailure | null {
  const reason = reasons.get(code);
  if (reason !== undefined)
    return new RemoteFailure("tls", `the certificate of "${host}" ${reason}`, { cause });
  if (code === "EPROTO" || code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS"))
    return new RemoteFailure(
      "tls",
      `"${host}" does not speak TLS as it should: is this port for https?`,
      { cause },
    );
  return null;
}
