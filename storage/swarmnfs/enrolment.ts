import { createHash } from "node:crypto";
import { UserError } from "../../service/user-error.ts";
import type { ServerName } from "../nfs/server-name.ts";
import type { NodeIdentity } from "../storage.ts";
import { fetchAuthority } from "./authority.ts";
import type { CertificateRequest } from "./certificate-request.ts";
import { ControlClient } from "./control-client.ts";
import { ControlFailure } from "./control-failure.ts";
import { TlsEndpoint } from "./endpoint.ts";
import { parseJoinToken } from "./join-token.ts";
import type { NodeCredentials } from "./node-credentials.ts";

/** For each of its two connections, milliseconds. It is done once, and nobody waits for all of it. */
const boundMs = 20_000;

/** Tells tokens apart without keeping them. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token.trim()).digest("hex");
}

/**
 * Gets a certificate for a one-time token. The token is worthless afterwards, also if what comes back is not kept: but for
 * this node with the same request, since the answer may have been lost on the way. Throws `ControlFailure` when the server cannot be asked, `UserError` when it refuses.
 */
export async function enrol(
  node: NodeIdentity,
  token: string,
  name: ServerName,
  port: number,
  ask: () => Promise<CertificateRequest>,
): Promise<NodeCredentials> {
  const meant = parseJoinToken(token);
  if (meant.node.toLowerCase() !== node.name.toLowerCase())
    throw new UserError(
      "invalid",
      `the join token is for a node called "${meant.node}", and this one is "${node.name}". Make one for it on the storage node: swarmnfs server token ${node.name}`,
    );
  const authority = await fetchAuthority(name, port, meant.ca, boundMs);
  const { key, request } = await ask();
  const endpoint = new TlsEndpoint(name, port, { authority });
  try {
    const client = new ControlClient(endpoint);
    const body = { token: token.trim(), id: node.id, name: node.name, request };
    const { certificate } = await client.call("enrol", {}, body, { timeoutMs: boundMs });
    return { schema: 1, nodeId: node.id, certificate, key, authority, token: tokenHash(token) };
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof ControlFailure) throw error;
    throw refused(error, endpoint.label, node.name);
  } finally {
    endpoint.close();
  }
}

function refused(error: UserError, server: string, name: string): UserError {
  const advice = /swarmnfs server token/.test(error.message)
    ? ""
    : ` Make a new one on the storage node: swarmnfs server token ${name}`;
  const reason = error.message.replace(/[.\s]*$/, ".");
  return new UserError(
    error.code,
    `${server} does not take this node's join token: ${reason}${advice}`,
    { cause: error },
  );
}
