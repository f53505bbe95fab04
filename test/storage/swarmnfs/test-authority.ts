import { createHash, type webcrypto } from "node:crypto";
import { keyAlgorithm, x509 } from "../../../storage/swarmnfs/x509.ts";

export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority as a storage node has one, for tests. */
export class TestAuthority {
  readonly certificate: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #own: InstanceType<typeof x509.X509Certificate>;
  #serial = 1;

  private constructor(
    keys: webcrypto.CryptoKeyPair,
    own: InstanceType<typeof x509.X509Certificate>,
  ) {
    this.#keys = keys;
    this.#own = own;
    this.certificate = own.toString("pem");
  }

  static async make(): Promise<TestAuthority> {
    const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
    const own = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: "01",
      name: [{ CN: ["swarmnfs authority"] }],
      ...span(-3_600_000, 86_400_000),
      keys,
      signingAlgorithm: keyAlgorithm,
      extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    });
    return new TestAuthority(keys, own);
  }

  /** SHA-256 of its DER, hex. */
  get fingerprint(): string {
    return createHash("sha256").update(Buffer.from(this.#own.rawData)).digest("hex");
  }

  /** For a key made here; `from` and `to` in milliseconds from now. */
  async issue(name: string, from = -60_000, to = 3_600_000): Promise<Issued> {
    const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
    const secret = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    return {
      certificate: await this.#sign(name, keys.publicKey, from, to),
      key: x509.PemConverter.encode(secret, "PRIVATE KEY"),
    };
  }

  /** For a PKCS #10 request, after having checked that whoever asks has the key. */
  async certify(request: string, from = -60_000, to = 3_600_000): Promise<string> {
    const asked = new x509.Pkcs10CertificateRequest(request);
    if (!(await asked.verify())) throw new Error("a request that is not signed by its own key");
    return this.#sign(asked.subjectName.getField("CN")[0] ?? "", asked.publicKey, from, to);
  }

  async #sign(
    name: string,
    publicKey: Parameters<typeof x509.X509CertificateGenerator.create>[0]["publicKey"],
    from: number,
    to: number,
  ): Promise<string> {
    this.#serial += 1;
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: this.#serial.toString(16).padStart(4, "0"),
      subject: [{ CN: [name] }],
      issuer: this.#own.subjectName,
      ...span(from, to),
      publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: keyAlgorithm,
    });
    return made.toString("pem");
  }
}

function span(from: number, to: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now + from), notAfter: new Date(now + to) };
}
