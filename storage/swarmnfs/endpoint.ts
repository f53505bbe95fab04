import { request as plainRequest, type ClientRequest, type RequestOptions } from "node:http";
import { Agent, request as tlsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { serverLabel } from "../nfs/server-label.ts";
import type { ServerName } from "../nfs/server-name.ts";

/** The name in the certificate of every storage node: its address may change, and says nothing. */
export const serverName = "swarmnfs-server";

/** Where a control API is, and how one speaks to it. */
export interface Endpoint {
  /** What messages call it. */
  readonly label: string;
  readonly port: number;
  /** Begins a request; rejects with `unavailable` if nobody knows where the server is. Long polls wait for no other call. */
  begin(options: RequestOptions, isPoll?: boolean): Promise<ClientRequest>;
  /** Connections that wait for use are not used again: one of them was dead, and others may be. */
  dropIdle(): void;
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
/** More at once wait for each other. */
const mostConnections = 16;
/** Of renewals: one waits for the server, others tell it something. */
const mostPolls = 4;

/** A storage node's control API in the network: TLS, trusted by its own authority alone. */
export class TlsEndpoint implements Endpoint {
  readonly port: number;
  readonly #name: ServerName;
  #identity: TlsIdentity;
  #agents: Agents = newAgents();
  #address: string | null = null;
  /** Connections that some request has begun. */
  readonly #made = new WeakSet<TLSSocket>();

  constructor(name: ServerName, port: number, identity: TlsIdentity) {
    this.port = port;
    this.#name = name;
    this.#identity = identity;
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
    this.close();
    this.#agents = newAgents();
  }

  async begin(options: RequestOptions, isPoll = false): Promise<ClientRequest> {
    const addresses = await this.#name.addresses();
    const { authority, certificate, key } = this.#identity;
    const request = tlsRequest({
      ...options,
      agent: isPoll ? this.#agents.polls : this.#agents.calls,
      host: this.#name.host,
      port: this.port,
      lookup: lookupOf(addresses),
      ...eachAddress,
      ca: authority,
      ...(certificate !== undefined && key !== undefined ? { cert: certificate, key } : {}),
      servername: serverName,
      minVersion: "TLSv1.3",
      rejectUnauthorized: true,
    });
    request.once("socket", (socket) => this.#watch(request, socket as TLSSocket));
    return request;
  }

  dropIdle(): void {
    for (const agent of [this.#agents.calls, this.#agents.polls])
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
  }

  close(): void {
    for (const agent of [this.#agents.calls, this.#agents.polls]) agent.destroy();
  }

  #watch(request: ClientRequest, socket: TLSSocket): void {
    // Node.js does not say so of a connection for which the request has waited.
    request.reusedSocket = this.#made.has(socket);
    if (request.reusedSocket) return;
    this.#made.add(socket);
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

  dropIdle(): void {}

  close(): void {}
}

interface Agents {
  readonly calls: Agent;
  readonly polls: Agent;
}

function newAgents(): Agents {
  // Sessions are not resumed: each connection proves anew who is at its ends.
  const usual = { keepAlive: true, maxCachedSessions: 0, checkServerIdentity };
  return {
    calls: new Agent({ ...usual, maxSockets: mostConnections }),
    polls: new Agent({ ...usual, maxSockets: mostPolls }),
  };
}

/** Node.js asks it instead of the DNS. */
export function lookupOf(addresses: readonly string[]): LookupFunction {
  return (_, options, callback) => {
    const all = addresses.map((address) => ({ address, family: isIP(address) }));
    if (options.all === true) callback(null, all);
    else callback(null, all[0]?.address ?? "", all[0]?.family ?? 4);
  };
}

/**
 * Another node's certificate is of the same authority, and must not pass for the server's. It is an agent's: of requests
 * that bring a check of their own Node.js gives each its own connection.
 */
function checkServerIdentity(_: string, { subject }: PeerCertificate): Error | undefined {
  if (subject.CN === serverName) return undefined;
  return Object.assign(new Error("a certificate that is no storage node's"), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
}
