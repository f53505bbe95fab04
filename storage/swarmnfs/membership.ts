import { X509Certificate } from "node:crypto";
import { bounded } from "../../service/bounded.ts";
import type { Clock } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import type { ServerName } from "../nfs/server-name.ts";
import type { NodeIdentity } from "../storage.ts";
import type { ControlState } from "../storage-server.ts";
import type { TlsIdentity } from "../tls/tlshd.ts";
import { certificateRequest, type CertificateRequest } from "./certificate-request.ts";
import { ControlClient } from "./control-client.ts";
import { ControlFailure } from "./control-failure.ts";
import { TlsEndpoint } from "./endpoint.ts";
import { enrol, tokenHash } from "./enrolment.ts";
import type { CredentialsFile, NodeCredentials } from "./node-credentials.ts";
import type { SwarmnfsPlace } from "./swarmnfs-url.ts";

/** Where a join token comes from; null where none was given. May throw `UserError`: a file that is not there. */
export type TokenSource = () => Promise<string | null>;

/** A caller waits so long for this node to join; the joining goes on for those who come later. Milliseconds. */
const callerMs = 6000;
/** A certificate that could not be renewed is tried again after this, milliseconds; there are weeks left. */
const rotateAgainMs = 3_600_000;

/** That this node belongs to a storage node: joins once with a token, and keeps its certificate young. */
export class Membership {
  readonly #place: SwarmnfsPlace;
  readonly #node: NodeIdentity;
  readonly #file: CredentialsFile;
  readonly #token: TokenSource;
  readonly #name: ServerName;
  readonly #clock: Clock;
  #endpoint: TlsEndpoint | null = null;
  #client: ControlClient | null = null;
  #credentials: NodeCredentials | null = null;
  #attempt: Promise<ControlClient> | null = null;
  /** Why this node could not join when it was tried last. */
  #refusal: UserError | null = null;
  /** Until this node has joined: the server takes a token a second time only with the key that it came with first. */
  #request: Promise<CertificateRequest> | null = null;
  #rotatedAt = -Infinity;
  #note: string | null = null;

  constructor(parts: {
    readonly place: SwarmnfsPlace;
    readonly node: NodeIdentity;
    readonly file: CredentialsFile;
    readonly token: TokenSource;
    readonly name: ServerName;
    readonly clock: Clock;
  }) {
    this.#place = parts.place;
    this.#node = parts.node;
    this.#file = parts.file;
    this.#token = parts.token;
    this.#name = parts.name;
    this.#clock = parts.clock;
  }

  /** What messages call the server. */
  get label(): string {
    return this.#endpoint?.label ?? this.#place.host;
  }

  /** What should be known although all is well. */
  get note(): string | null {
    return this.#note;
  }

  /** What it proves itself with; null before this node has joined. */
  get identity(): TlsIdentity | null {
    return this.#credentials;
  }

  /** How this node stands with the server. */
  get standing(): Pick<ControlState, "certifiedUntil" | "aheadMs"> {
    const certifiedUntil = this.#credentials === null ? null : lifeOf(this.#credentials).to;
    return { certifiedUntil, aheadMs: this.#client?.aheadMs ?? null };
  }

  /** Asks as this node, which joins first if it has not. Throws `unavailable` with why it cannot. */
  async client(): Promise<ControlClient> {
    if (this.#client !== null) return this.#client;
    this.#attempt ??= this.#enter().finally(() => (this.#attempt = null));
    return bounded(this.#attempt, callerMs, () => this.#refusal ?? this.#slow());
  }

  /** Joins with this token, whatever was before. Throws `UserError` with why that cannot be, and nothing is changed. */
  async join(token: string): Promise<void> {
    const credentials = await this.#enrol(token);
    await this.#file.write(credentials);
    this.#use(credentials);
  }

  /** The server did not take the certificate: perhaps there is a new token meanwhile. */
  doubt(): void {
    this.#client = null;
  }

  /** Gets a new certificate when half of its life is over. Never rejects. */
  async rotate(): Promise<void> {
    const before = this.#credentials;
    const now = this.#clock.now();
    if (before === null || this.#client === null || now - this.#rotatedAt < rotateAgainMs) return;
    const { from, to } = lifeOf(before);
    if (now < from + (to - from) / 2) return;
    this.#rotatedAt = now;
    try {
      const { key, request } = await certificateRequest(this.#node);
      const options = { timeoutMs: 7000 };
      const { certificate } = await this.#client.call("certify", {}, { request }, options);
      const credentials = { ...before, certificate, key };
      await this.#file.write(credentials);
      this.#use(credentials);
      this.#note = null;
    } catch (error) {
      this.#note = `this node's certificate ends at ${new Date(to).toISOString().slice(0, 10)} and could not be renewed (${messageOf(error)}). It is tried again every hour`;
    }
  }

  close(): void {
    this.#endpoint?.close();
  }

  async #enter(): Promise<ControlClient> {
    const credentials = await this.#file.read();
    const known = credentials?.nodeId === this.#node.id ? credentials : null;
    // A node that has joined needs none: the file may be gone.
    const token = await this.#token().catch((error: unknown) => {
      if (known === null) throw error instanceof UserError ? asUnavailable(error) : error;
      return null;
    });
    try {
      if (token === null && known === null) throw this.#stranger(credentials !== null);
      if (token === null || (known !== null && known.token === tokenHash(token)))
        return this.#use(known ?? this.#none());
      const fresh = await this.#enrol(token);
      await this.#file.write(fresh).catch((error: unknown) => {
        throw this.#unwritten(error);
      });
      return this.#use(fresh);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // A token that is worthless does no harm to a node that has joined.
      if (known === null) throw (this.#refusal = asUnavailable(error));
      this.#note = `the new join token was not used: ${error.message}`;
      return this.#use(known);
    }
  }

  #enrol(token: string): Promise<NodeCredentials> {
    const ask = (): Promise<CertificateRequest> =>
      (this.#request ??= certificateRequest(this.#node));
    return enrol(this.#node, token, this.#name, this.#place.port, ask);
  }

  #use(credentials: NodeCredentials): ControlClient {
    this.#request = null;
    this.#refusal = null;
    if (this.#endpoint === null)
      this.#endpoint = new TlsEndpoint(this.#name, this.#place.port, credentials);
    else this.#endpoint.use(credentials);
    this.#credentials = credentials;
    this.#client = new ControlClient(this.#endpoint, this.#clock);
    return this.#client;
  }

  #none(): never {
    throw new Error("neither a token nor credentials");
  }

  #stranger(isCopied: boolean): ControlFailure {
    const { host } = this.#place;
    const why = isCopied
      ? `this node is a copy of another one, whose certificate is not for it`
      : `this node has not joined ${host} yet`;
    return new ControlFailure(
      "unknown-node",
      `${why}. On ${host} do: swarmnfs server token ${this.#node.name}. Here, with the word that it prints: docker plugin disable -f swarmnfs; docker plugin set swarmnfs SWARMNFS_JOIN_TOKEN=…; docker plugin enable swarmnfs`,
    );
  }

  #unwritten(error: unknown): ControlFailure {
    return new ControlFailure(
      "unknown-node",
      `this node was taken by ${this.#place.host}, but its certificate could not be kept here (${messageOf(error)}). Mend that, and join again with a new token (there: swarmnfs server token ${this.#node.name}); the one that was used is worthless now`,
      { cause: error },
    );
  }

  #slow(): ControlFailure {
    return new ControlFailure(
      "silent",
      `this node is joining ${this.#place.host}, which takes longer than usual. Try again in a moment`,
    );
  }
}

function lifeOf({ certificate }: NodeCredentials): { readonly from: number; readonly to: number } {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { from: Date.parse(validFrom), to: Date.parse(validTo) };
}

/** Without it nothing of the storage can be used, whatever the server called it. */
function asUnavailable(error: UserError): ControlFailure {
  if (error instanceof ControlFailure) return error;
  return new ControlFailure("unknown-node", error.message, { cause: error });
}
