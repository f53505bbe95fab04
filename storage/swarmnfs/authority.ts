import { createHash, type X509Certificate } from "node:crypto";
import { connect, type TLSSocket } from "node:tls";
import type { ServerName } from "../nfs/server-name.ts";
import { ControlFailure, connectionTrouble } from "./control-failure.ts";
import { lookupOf, serverName } from "./endpoint.ts";

/** A chain of ours has two certificates. */
const mostLinks = 8;

/**
 * The authority of the storage node at `name`, PEM, if its fingerprint (SHA-256 of its DER, hex) is the one that a join
 * token says. Nothing is sent to a server that is not proven yet: what it shows is looked at, and the next connection
 * trusts that alone.
 */
export async function fetchAuthority(
  name: ServerName,
  port: number,
  fingerprint: string,
  boundMs: number,
): Promise<string> {
  const addresses = await name.addresses();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket: TLSSocket = connect({
    host: name.host,
    port,
    lookup: lookupOf(addresses),
    servername: serverName,
    minVersion: "TLSv1.3",
    rejectUnauthorized: false,
  });
  socket.setTimeout(boundMs, () =>
    socket.destroy(Object.assign(new Error("silent"), { code: "ETIMEDOUT" })),
  );
  socket.once("error", (error) => reject(connectionTrouble(error, name.host, port)));
  socket.once("secureConnect", () => {
    const found = chainOf(socket).find(
      ({ raw }) => createHash("sha256").update(raw).digest("hex") === fingerprint,
    );
    if (found === undefined) reject(anotherServer(name.host));
    else resolve(found.toString());
    socket.destroy();
  });
  return promise;
}

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < mostLinks) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function anotherServer(host: string): ControlFailure {
  return new ControlFailure(
    "stranger",
    `what answers as ${host} is not the storage node that the join token is of. Look at the storage's URL; or make a new token on that storage node (swarmnfs server token NODE). If both are right, somebody else answers in its place`,
  );
}
