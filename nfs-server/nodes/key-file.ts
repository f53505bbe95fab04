import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { x509 } from "../../storage/swarmnfs/x509.ts";

/** A key and its certificate in one file, so that a crash cannot leave one without the other. */
export interface KeyPair {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

/** PEM of both. */
export function pemOfPair(key: KeyObject, certificate: x509.X509Certificate): string {
  return `${pemOfKey(key)}${pemOf(certificate)}`;
}

export function pemOfKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Ends with a line break, so that several make a chain. */
export function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}

/** Throws what is wrong with it. */
export function parsePair(pem: string): KeyPair {
  if (pem.trim() === "") throw new Error("it is empty");
  const pair = { key: createPrivateKey(pem), certificate: new X509Certificate(pem) };
  if (!pair.certificate.checkPrivateKey(pair.key))
    throw new Error("its key does not belong to its certificate");
  return pair;
}
