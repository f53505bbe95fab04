import { Agent as PlainAgent, type ClientRequestArgs } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectSecure, type TLSSocket } from "node:tls";
import { RemoteFailure } from "../failure.ts";
import { authorities, pinFailure, type Trust } from "./trust.ts";

export interface Dialing {
  readonly trust: Trust;
  readonly connectMs: number;
  /** How names become addresses; asked anew for each connection, so a changed address is followed. */
  readonly lookup?: LookupFunction;
}

type Done = (error: Error | null, socket: Duplex) => void;

// Servers close idle connections, Apache after 5 s; a request sent at that moment would be lost.
const idle = { keepAlive: true, timeout: 4000, maxSockets: 16 };

/** Connections to one server, kept while they are used. A pinned certificate is checked before a byte is sent. */
export function dialingAgent(url: URL, dialing: Dialing): PlainAgent {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const dial =
    (
      open: () => Socket,
      ready: "connect" | "secureConnect",
      check: (socket: Socket) => Error | null,
    ) =>
    (_: ClientRequestArgs, done?: Done): undefined => {
      const socket = open();
      let answered = false;
      const settle = (error: Error | null): void => {
        if (answered) return;
        answered = true;
        clearTimeout(timer);
        socket.off("error", settle);
        if (error !== null) socket.on("error", () => undefined).destroy();
        done?.(error, socket);
      };
      const timer = setTimeout(
        () => settle(new RemoteFailure("network", `"${url.host}" does not answer`)),
        dialing.connectMs,
      );
      socket.on("error", settle);
      socket.once(ready, () => settle(check(socket)));
    };
  const address = {
    host,
    ...(dialing.lookup === undefined ? {} : { lookup: dialing.lookup }),
  };
  if (url.protocol === "http:") {
    const open = (): Socket => connectPlain({ ...address, port: Number(url.port || 80) });
    return new (class extends PlainAgent {
      override createConnection = dial(open, "connect", () => null);
    })(idle);
  }
  const { trust } = dialing;
  const ca = authorities(trust);
  const open = (): Socket =>
    connectSecure({
      ...address,
      port: Number(url.port || 443),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      // A pin says more than any authority.
      rejectUnauthorized: trust.pin === null,
      ALPNProtocols: ["http/1.1"],
    });
  const pinned = (socket: Socket): Error | null =>
    trust.pin === null
      ? null
      : pinFailure(trust.pin, url.host, (socket as TLSSocket).getPeerCertificate());
  return new (class extends SecureAgent {
    override createConnection = dial(open, "secureConnect", pinned);
  })(idle);
}
