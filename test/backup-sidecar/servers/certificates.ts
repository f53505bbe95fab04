import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";

export interface Certificate {
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
}

/** A private authority in a folder, which signs certificates for servers. */
export class Authority {
  readonly #folder: string;
  /** Its own certificate, PEM. */
  readonly pem: string;

  private constructor(folder: string, pem: string) {
    this.#folder = folder;
    this.pem = pem;
  }

  static async make(folder: string): Promise<Authority> {
    await openssl(folder, [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=private authority",
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
    ]);
    return new Authority(folder, await readFile(path.join(folder, "ca.pem"), "utf8"));
  }

  /** `days` below zero: one that has expired already. */
  async sign(name: string, host: string, days = 2): Promise<Certificate> {
    const folder = this.#folder;
    await openssl(folder, [
      "req",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-subj",
      `/CN=${host}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    ]);
    await writeFile(path.join(folder, `${name}.ext`), `subjectAltName=DNS:${host}\n`);
    await openssl(folder, [
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      String(days),
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.pem`,
    ]);
    return { certificate: path.join(folder, `${name}.pem`), key: path.join(folder, `${name}.key`) };
  }
}

/** A certificate that nobody but itself has signed. */
export async function selfSigned(folder: string, host: string): Promise<Certificate> {
  await openssl(folder, [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
    "-subj",
    `/CN=${host}`,
    "-addext",
    `subjectAltName=DNS:${host}`,
    "-keyout",
    "self.key",
    "-out",
    "self.pem",
  ]);
  return { certificate: path.join(folder, "self.pem"), key: path.join(folder, "self.key") };
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  await execa("openssl", args, { cwd });
}
