import { repeat } from "../../service/repeat.ts";
import type { Log } from "../../service/log.ts";
import type { TlsIdentity, Tlshd } from "../../storage/tls/tlshd.ts";
import type { Authority } from "../nodes/authority.ts";

export interface NfsTlsParts {
  readonly tlshd: Pick<Tlshd, "prove" | "start">;
  readonly authority: Pick<Authority, "certificate" | "serverIdentity" | "ownClient">;
  readonly log: Log;
}

const renewEveryMs = 3_600_000;

/** `SWARMNFS_TLS=on`: what makes the kernel's NFS server speak TLS, with the certificates that nodes know already. */
export class NfsTls {
  readonly #parts: NfsTlsParts;
  #address: string | null = null;

  constructor(parts: NfsTlsParts) {
    this.#parts = parts;
  }

  /** When this settles clients can connect to this address. Throws `unavailable`. */
  async serve(address: string): Promise<void> {
    this.#address = address;
    await this.#renew();
    await this.#parts.tlshd.start();
  }

  /** Certificates are renewed from now on, until the signal aborts. */
  begin(signal: AbortSignal): void {
    const { log } = this.#parts;
    void repeat(
      renewEveryMs,
      () => this.#renew(),
      signal,
      (error) =>
        log.warn(
          { err: error },
          "the certificate of NFS could not be renewed; tried again in an hour",
        ),
    );
  }

  /** What the server proves itself with where it is its own client. */
  async client(): Promise<TlsIdentity> {
    const { authority } = this.#parts;
    return { ...(await authority.ownClient()), authority: authority.certificate };
  }

  async #identity(): Promise<TlsIdentity | null> {
    const { authority } = this.#parts;
    if (this.#address === null) return null;
    const { key, chain } = await authority.serverIdentity([this.#address]);
    // Without the authority's own, which the others have.
    const [certificate = ""] = /-----BEGIN[^-]*-----[^-]*-----END[^-]*-----\n?/.exec(chain) ?? [];
    return { certificate, key, authority: authority.certificate };
  }

  async #renew(): Promise<void> {
    const { tlshd } = this.#parts;
    const identity = await this.#identity();
    if (identity !== null) await tlshd.prove(identity);
  }
}
