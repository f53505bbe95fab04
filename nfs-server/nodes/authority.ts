import { createHash, KeyObject, type X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../service/atomic-file.ts";
import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { Certificate } from "../../storage/swarmnfs/protocol/node.ts";
import { keyAlgorithm, x509 } from "../../storage/swarmnfs/x509.ts";
import { openAuthorityFile } from "./authority-file.ts";
import { clockLeeway, issue, type Issuer, keyInRequest, newKeys } from "./certificate.ts";
import { pemOf, pemOfKey } from "./key-file.ts";
import { ServerCertificate, type ServerIdentity } from "./server-certificate.ts";

const day = 24 * 60 * 60 * 1000;
/** A node renews its own from half of it on; one that was off for longer has to join again. */
export const nodeCertificateMs = 90 * day;

/** A node's new certificate, and what is written down of it. */
export interface Issued {
  readonly answer: Certificate;
  /** Small hex, as Node.js's TLS says it of a peer's. */
  readonly serial: string;
  readonly until: string;
}

/** Makes the certificates by which nodes and this server know each other. Its files are on the data disk. */
export class Authority {
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of its DER, hex: what join tokens carry. */
  readonly fingerprint: string;
  /** When it ends, milliseconds since 1970. */
  readonly until: number;
  readonly #issuer: Issuer;
  readonly #server: ServerCertificate;
  readonly #clock: Clock;

  private constructor(certificate: X509Certificate, issuer: Issuer, folder: string, clock: Clock) {
    this.certificate = pemOf(issuer.certificate);
    this.until = Date.parse(certificate.validTo);
    this.fingerprint = createHash("sha256").update(certificate.raw).digest("hex");
    this.#issuer = issuer;
    this.#server = new ServerCertificate(join(folder, "server.pem"), issuer, clock);
    this.#clock = clock;
  }

  /**
   * Makes it at the first start. `isExpected`: nodes have enrolled, so that there must be one. Throws `unavailable`
   * when it is unreadable or gone.
   */
  static async open(folder: string, isExpected: boolean, clock: Clock): Promise<Authority> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { key, certificate } = await openAuthorityFile(
      join(folder, "authority.pem"),
      isExpected,
      clock,
    );
    const issuer = {
      key: key.toCryptoKey(keyAlgorithm, false, ["sign"]),
      certificate: new x509.X509Certificate(certificate.raw),
    };
    const authority = new Authority(certificate, issuer, folder, clock);
    // For people and other programs, as `curl --cacert`; nothing of ours reads it.
    await writeFileAtomic(join(folder, "authority.crt"), authority.certificate, 0o644);
    return authority;
  }

  /** When the certificate ends that the server shows to its clients, milliseconds since 1970; null: none was asked for. */
  get serverUntil(): number | null {
    return this.#server.until;
  }

  /** What the server shows to its clients; renewed in time by whoever asks now and again. */
  serverIdentity(addresses: readonly string[]): Promise<ServerIdentity> {
    return this.#server.identity(addresses);
  }

  /** What the server proves itself with where it is its own client; nobody's, and for a day. */
  async ownClient(): Promise<{ readonly key: string; readonly certificate: string }> {
    const keys = await newKeys();
    const now = this.#clock.now();
    const subject = {
      commonName: "storage node",
      alternativeNames: [],
      usage: "clientAuth" as const,
    };
    const span = { from: now - clockLeeway, until: now + day };
    const certificate = await issue(this.#issuer, keys.publicKey, subject, span);
    return { key: pemOfKey(KeyObject.from(keys.privateKey)), certificate: pemOf(certificate) };
  }

  /** A certificate for the key in a node's request (PEM). Throws `invalid`. */
  async certify(node: { id: string; name: string }, request: string): Promise<Issued> {
    const publicKey = await keyInRequest(request);
    const now = this.#clock.now();
    const until = now + nodeCertificateMs;
    const subject = {
      commonName: node.id,
      alternativeNames: [{ type: "url" as const, value: `urn:swarmnfs:node:${node.name}` }],
      usage: "clientAuth" as const,
    };
    const certificate = await issue(this.#issuer, publicKey, subject, {
      from: now - clockLeeway,
      until,
    });
    return {
      answer: { certificate: pemOf(certificate), authority: this.certificate },
      serial: certificate.serialNumber.toLowerCase(),
      until: rfc3339(until),
    };
  }
}
