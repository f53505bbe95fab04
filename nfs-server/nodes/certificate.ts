import { randomBytes, type webcrypto } from "node:crypto";
import { UserError } from "../../service/user-error.ts";
import { keyAlgorithm, x509 } from "../../storage/swarmnfs/x509.ts";

/** An authority's key and certificate. */
export interface Issuer {
  readonly key: webcrypto.CryptoKey;
  readonly certificate: x509.X509Certificate;
}

export interface Span {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

/** Clocks of nodes may be behind ours by that much, milliseconds; what is new must be valid there, too. */
export const clockLeeway = 24 * 60 * 60 * 1000;

export const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);

/** A certificate that signs others, and nothing else. */
export async function selfSigned(keys: webcrypto.CryptoKeyPair, name: string, span: Span) {
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [name] }],
    notBefore: new Date(span.from),
    notAfter: new Date(span.until),
    keys,
    signingAlgorithm: keyAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

/** Whom a certificate is for. */
export interface Subject {
  readonly commonName: string;
  readonly alternativeNames: readonly x509.JsonGeneralName[];
  /** Which end of a connection it may be. */
  readonly usage: "clientAuth" | "serverAuth" | "both";
}

/** A certificate for a key of somebody else's, or of the server itself. */
export async function issue(
  issuer: Issuer,
  publicKey: x509.PublicKeyType,
  subject: Subject,
  span: Span,
): Promise<x509.X509Certificate> {
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const usages = {
    clientAuth: [clientAuth],
    serverAuth: [serverAuth],
    both: [clientAuth, serverAuth],
  };
  return x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [subject.commonName] }],
    issuer: issuer.certificate.subjectName,
    notBefore: new Date(span.from),
    notAfter: new Date(span.until),
    publicKey,
    signingKey: issuer.key,
    signingAlgorithm: keyAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages[subject.usage]),
      new x509.SubjectAlternativeNameExtension([...subject.alternativeNames]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
    ],
  });
}

/**
 * The key in a request (PKCS #10, PEM), of which its sender has proved that it is theirs. Whatever else the request
 * says is not looked at. Throws `invalid`.
 */
export async function keyInRequest(pem: string): Promise<x509.PublicKey> {
  const request = await parseRequest(pem);
  const { name, namedCurve } = request.publicKey.algorithm as EcKeyAlgorithm;
  if (name === keyAlgorithm.name && namedCurve === keyAlgorithm.namedCurve)
    return request.publicKey;
  throw new UserError(
    "invalid",
    `the certificate request has a key of kind ${name} ${namedCurve ?? ""}; ${keyAlgorithm.name} ${keyAlgorithm.namedCurve} is expected. Node and server should be of the same release`,
  );
}

async function parseRequest(pem: string): Promise<x509.Pkcs10CertificateRequest> {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    if (await request.verify()) return request;
  } catch {
    // The library throws whatever comes along for what is no request at all.
  }
  throw new UserError(
    "invalid",
    "the certificate request cannot be read, or is not signed with its own key. Node and server should be of the same release",
  );
}

/** Random, positive, and as long as a reader may expect. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

interface EcKeyAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
}
