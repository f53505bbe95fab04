import { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { writeFileAtomic } from "../../service/atomic-file.ts";
import type { Clock } from "../../service/clock.ts";
import { serverName } from "../../storage/swarmnfs/endpoint.ts";
import { x509 } from "../../storage/swarmnfs/x509.ts";
import { clockLeeway, issue, type Issuer, newKeys } from "./certificate.ts";
import { type KeyPair, parsePair, pemOf, pemOfKey, pemOfPair } from "./key-file.ts";

const lifeMs = 365 * 24 * 60 * 60 * 1000;

/** PEM. The chain ends with the authority, so that a node that enrols can compare its fingerprint. */
export interface ServerIdentity {
  readonly key: string;
  readonly chain: string;
}

/** The server's own certificate. Unlike the authority it may be made anew at any time: nobody remembers it. */
export class ServerCertificate {
  readonly #path: string;
  readonly #issuer: Issuer;
  readonly #clock: Clock;
  #until: number | null = null;

  constructor(path: string, issuer: Issuer, clock: Clock) {
    this.#path = path;
    this.#issuer = issuer;
    this.#clock = clock;
  }

  /** When what was given last ends, milliseconds since 1970. */
  get until(): number | null {
    return this.#until;
  }

  /** Made anew when half of its life is over, or when it lacks one of these addresses (which NFS over TLS looks at). */
  async identity(addresses: readonly string[]): Promise<ServerIdentity> {
    const pair = (await this.#usable(addresses)) ?? (await this.#renewed(addresses));
    this.#until = Date.parse(pair.certificate.validTo);
    return {
      key: pemOfKey(pair.key),
      chain: `${pair.certificate.toString().trim()}\n${pemOf(this.#issuer.certificate)}`,
    };
  }

  async #usable(addresses: readonly string[]): Promise<KeyPair | null> {
    const pair = await readFile(this.#path, "utf8")
      .then(parsePair)
      .catch(() => null);
    if (pair === null) return null;
    const { certificate } = pair;
    const from = Date.parse(certificate.validFrom);
    const until = Date.parse(certificate.validTo);
    const now = this.#clock.now();
    const isFresh = from <= now && now < from + (until - from) / 2;
    const isOurs = await this.#isIssuerOf(certificate.raw);
    const isComplete = addresses.every((address) => certificate.checkIP(address) !== undefined);
    return isFresh && isOurs && isComplete ? pair : null;
  }

  async #isIssuerOf(der: Buffer): Promise<boolean> {
    return new x509.X509Certificate(der).verify({
      publicKey: this.#issuer.certificate.publicKey,
      signatureOnly: true,
    });
  }

  async #renewed(addresses: readonly string[]): Promise<KeyPair> {
    const keys = await newKeys();
    const now = this.#clock.now();
    const subject = {
      commonName: serverName,
      alternativeNames: [
        { type: "dns" as const, value: serverName },
        ...addresses
          .filter((address) => isIP(address) !== 0)
          .map((value) => ({ type: "ip" as const, value })),
      ],
      usage: "serverAuth" as const,
    };
    const span = { from: now - clockLeeway, until: now + lifeMs };
    const certificate = await issue(this.#issuer, keys.publicKey, subject, span);
    const pem = pemOfPair(KeyObject.from(keys.privateKey), certificate);
    await writeFileAtomic(this.#path, pem);
    return parsePair(pem);
  }
}
