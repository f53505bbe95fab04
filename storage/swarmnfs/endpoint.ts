import { request as plainRequest, type ClientRequest, type RequestOptions } from "node:http";
import { Agent, request as tlsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { TLSSocket } from "node:tls";
import { serverLabel } from "../nfs/server-label.ts";
import type { ServerName } from "../nfs/server-name.ts";

/** The name in the certificate of every storage node: its address may change, and says nothing. */
export const serverName = "swarmnfs-server";

/** Where a control API is, and how one speaks to it. */
export interface Endpoint {
  /** What messages call it. */
  readonly label: string;
  readonly port: number;
  /** Begins a request; rejects with `unavailable` if nobody knows where the server is. */
  begin(options: RequestOptions): Promise<ClientRequest>;
  /** Ends connections that wait for use. */
  close(): void;
}

/** PEM, all of it. Without a certificate only what anyone may ask is answered. */
export interface TlsIdentity {
  readonly authority: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** A connection that could not be made in this time is given up, in milliseconds. */
const connectBoundMs = 3000;
/** Of several addresses each has this long; Node.js's own 250 ms are less than a far server needs. */
const eachAddress = { autoSelectFamilyAttemptTimeout: connectBoundMs / 2 };
/** More at once wait for each other; the long poll has one of them. */
const mostConnections = 16;

/** A storage node's control API in the network: TLS, trusted by its own authority alone. */
export class TlsEndpoint implements Endpoint {
  readonly port: number;
  readonly #name: ServerName;
  #identity: TlsIdentity;
  #agent: Agent;
  #address: string | null = null;

  constructor(name: ServerName, port: number, identity: TlsIdentity) {
    this.port = port;
    this.#name = name;
    this.#identity = identity;
    this.#agent = newAgent();
  }

  get label(): string {
    return serverLabel(this.#name.host, this.#address);
  }

  /** Where it was reached last; null if it never was. */
  get address(): string | null {
    return this.#address;
  }

  /** From the next connection on. */
  use(identity: TlsIdentity): void {
    this.#identity = identity;
    this.#agent.destroy();
    this.#agent = newAgent();
  }

  async begin(options: RequestOptions): Promise<ClientRequest> {
    const addresses = await this.#name.addresses();
    const { authority, certificate, key } = this.#identity;
    const request = tlsRequest({
      ...options,
      agent: this.#agent,
      host: this.#name.host,
      port: this.port,
      lookup: lookupOf(addresses),
      ...eachAddress,
      ca: authority,
      ...(certificate !== undefined && key !== undefined ? { cert: certificate, key } : {}),
      servername: serverName,
      minVersion: "TLSv1.3",
      rejectUnauthorized: true,
      checkServerIdentity: (_, { subject }) =>
        subject.CN === serverName ? undefined : notAServer(),
    });
    request.once("socket", (socket) => this.#watch(request, socket as TLSSocket));
    return request;
  }

  close(): void {
    this.#agent.destroy();
  }

  #watch(request: ClientRequest, socket: TLSSocket): void {
    if (request.reusedSocket) return;
    const late = setTimeout(() => {
      request.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" }));
    }, connectBoundMs);
    const over = (): void => clearTimeout(late);
    socket.once("secureConnect", () => {
      over();
      this.#address = socket.remoteAddress ?? null;
    });
    socket.once("close", over);
  }
}

/** The socket in the storage server's container, behind which everybody is an administrator. */
export class SocketEndpoint implements Endpoint {
  readonly label: string;
  readonly port = 0;
  readonly #path: string;

  constructor(path: string) {
    this.label = `the storage server at ${path}`;
    this.#path = path;
  }

  async begin(options: RequestOptions): Promise<ClientRequest> {
    return plainRequest({ ...options, agent: false, socketPath: this.#path });
  }

  close(): void {}
}

function newAgent(): Agent {
  // Sessions are not resumed: each connection proves anew who is at its ends.
  return new Agent({ keepAlive: true, maxSockets: mostConnections, maxCachedSessions: 0 });
}

/** Node.js asks it instead of the DNS. */
export function lookupOf(addresses: readonly string[]): LookupFunction {
  return (_, options, callback) => {
    const all = addresses.map((address) => ({ address, family: isIP(address) }));
    if (options.all === true) callback(null, all);
    else callback(null, all[0]?.address ?? "", all[0]?.family ?? 4);
  };
}

/** Another node's certificate is of the same authority, and must not pass for the server's. */
function notAServer(): Error {
  return Object.assign(new Error("a certificate that is no storage node's"), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
}
