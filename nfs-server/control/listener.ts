import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import { plainAddress } from "../policy/host-pattern.ts";
import type { Authority } from "../nodes/authority.ts";
import type { ServerIdentity } from "../nodes/server-certificate.ts";

/** How patient the listener is, milliseconds, and how many connections it holds. */
export interface Patience {
  readonly handshakeMs: number;
  readonly headersMs: number;
  /** A whole request, its body included. */
  readonly requestMs: number;
  /** Nothing at all happens on a connection: more than a long poll takes. */
  readonly idleMs: number;
  /** Requests that are under way when the listener goes. */
  readonly closeMs: number;
  readonly connections: number;
  /** Of one address: nobody keeps the others out. */
  readonly connectionsEach: number;
}

export const usualPatience: Patience = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 60_000,
  closeMs: 5000,
  connections: 4096,
  connectionsEach: 512,
};

const largestHeaders = 16_384;
const renewEveryMs = 60 * 60 * 1000;

/**
 * The control API's port in the network. TLS asks everybody for a certificate and lets those without one in, since a
 * node that joins has none yet: what they may is the API's to decide.
 */
export class Listener {
  readonly #api: RequestListener;
  readonly #authority: Authority;
  readonly #port: number;
  readonly #log: Log;
  readonly #patience: Patience;
  #current: { server: Server; address: string; chain: string } | null = null;
  #renewal: NodeJS.Timeout | null = null;

  constructor(
    api: RequestListener,
    given: { authority: Authority; port: number; log: Log; patience?: Patience },
  ) {
    this.#api = api;
    this.#authority = given.authority;
    this.#port = given.port;
    this.#log = given.log;
    this.#patience = given.patience ?? usualPatience;
  }

  /** Where it listens now: `10.0.0.5:2050`, or null. */
  get place(): string | null {
    const bound = this.#current?.server.address();
    if (bound === null || bound === undefined || typeof bound === "string") return null;
    return bound.family === "IPv6"
      ? `[${bound.address}]:${bound.port}`
      : `${bound.address}:${bound.port}`;
  }

  /**
   * Listens at this address from now on; at the one before no longer. Throws `unavailable` when it cannot be had; then
   * it listens nowhere, and may be told again.
   */
  async listen(address: string): Promise<void> {
    if (this.#current?.address === address) return;
    const before = this.#current;
    this.#current = null;
    const identity = await this.#authority.serverIdentity([address]);
    if (before !== null) void this.#end(before.server);
    const server = this.#serve(identity);
    await bind(server, address, this.#port);
    this.#current = { server, address, chain: identity.chain };
    this.#renewal ??= setInterval(() => void this.renew(), renewEveryMs).unref();
    this.#log.info({ address, port: this.#port }, "the control API listens");
  }

  /** Shows a new certificate when the one in use has come half of its way; happens by itself every hour. */
  async renew(): Promise<void> {
    const current = this.#current;
    if (current === null) return;
    try {
      const { key, chain } = await this.#authority.serverIdentity([current.address]);
      if (chain === current.chain) return;
      current.server.setSecureContext({ ...this.#context({ key, chain }) });
      current.chain = chain;
      this.#log.info("the control API has a new certificate");
    } catch (error) {
      this.#log.warn(
        { err: error },
        "the certificate of the control API could not be renewed; tried again in an hour",
      );
    }
  }

  /** Requests that are under way may still finish for a moment. */
  async close(): Promise<void> {
    if (this.#renewal !== null) clearInterval(this.#renewal);
    this.#renewal = null;
    const current = this.#current;
    this.#current = null;
    if (current !== null) await this.#end(current.server);
  }

  #context({ key, chain }: ServerIdentity) {
    return { key, cert: chain, ca: this.#authority.certificate, minVersion: "TLSv1.3" as const };
  }

  #serve(identity: ServerIdentity): Server {
    const { handshakeMs, headersMs, requestMs, idleMs, connections } = this.#patience;
    const server = createServer(
      {
        ...this.#context(identity),
        requestCert: true,
        rejectUnauthorized: false,
        handshakeTimeout: handshakeMs,
        headersTimeout: headersMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: Math.min(1000, headersMs),
        keepAliveTimeout: idleMs,
        maxHeaderSize: largestHeaders,
      },
      this.#api,
    );
    server.maxConnections = connections;
    server.timeout = idleMs;
    this.#limitEach(server);
    server.on("tlsClientError", (error, socket) => {
      this.#log.debug(
        { address: socket.remoteAddress, reason: error.message },
        "no TLS connection",
      );
    });
    return server;
  }

  #limitEach(server: Server): void {
    const counts = new Map<string, number>();
    server.on("connection", (socket: Socket) => {
      const address = plainAddress(socket.remoteAddress ?? "");
      const count = (counts.get(address) ?? 0) + 1;
      if (count > this.#patience.connectionsEach) {
        this.#log.debug({ address }, "too many connections");
        socket.destroy();
        return;
      }
      counts.set(address, count);
      socket.once("close", () => {
        const left = (counts.get(address) ?? 1) - 1;
        if (left === 0) counts.delete(address);
        else counts.set(address, left);
      });
    });
  }

  async #end(server: Server): Promise<void> {
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), this.#patience.closeMs);
    await closed;
    clearTimeout(timer);
  }
}

async function bind(server: Server, address: string, port: number): Promise<void> {
  server.listen({ host: address, port, ipv6Only: true });
  try {
    await once(server, "listening");
  } catch (error) {
    throw new UserError("unavailable", whyNot(error, address, port), { cause: error });
  }
}

function whyNot(error: unknown, address: string, port: number): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  const where = `the control API cannot listen on port ${port} of ${address}`;
  if (code === "EADDRINUSE")
    return `${where}: another program has it. Find it with: ss -ltnp; or set SWARMNFS_CONTROL_PORT`;
  if (code === "EADDRNOTAVAIL")
    return `${where}: this machine does not have that address (any more). Check SWARMNFS_ADDRESS or SWARMNFS_INTERFACE`;
  return `${where}: ${error instanceof Error ? error.message : String(error)}`;
}
