import { StorageUnavailable } from "../unavailable.ts";

/**
 * `refused`: its machine says that nobody listens. `away`: no way to it. `silent`: it was reached, and does not answer. `stranger`: what answers is not the storage node
 * that this one joined. `unknown-node`: it does not take this node's certificate. `fenced`: it keeps this node out until
 * that has given back everything. `faulty`: it answers that it cannot.
 */
export type FailureKind =
  | "refused"
  | "away"
  | "silent"
  | "stranger"
  | "unknown-node"
  | "fenced"
  | "faulty";

/** The control API could not be asked; why, in words for people. */
export class ControlFailure extends StorageUnavailable {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

const nothingLost = "Nothing is lost; this works again when it does";

/** What a connection that could not be made, or broke, means to people. `server` is what messages call it. */
export function connectionTrouble(error: unknown, server: string, port: number): ControlFailure {
  const code = codeOf(error);
  const failure = (kind: FailureKind, message: string): ControlFailure =>
    new ControlFailure(kind, message, { cause: error });
  if (code === "ECONNREFUSED")
    return failure(
      "refused",
      `${server} refuses connections on port ${port}: the machine is up, the storage server on it is not. Start it there (docker compose up -d). ${nothingLost}`,
    );
  if (["EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "EADDRNOTAVAIL"].includes(code))
    return failure(
      "away",
      `there is no way from this node to ${server}: the network says that it cannot be reached. Check that the server is on, and this node's network. ${nothingLost}`,
    );
  if (code === "ETIMEDOUT")
    return failure(
      "away",
      `${server} does not answer on port ${port}: it is off or cut off, or a firewall drops what this node sends. ${nothingLost}`,
    );
  if (code === "CERT_NOT_YET_VALID" || code === "CERT_HAS_EXPIRED")
    return failure(
      "stranger",
      `the certificate of ${server} is not valid at this node's time (${new Date().toISOString().slice(0, 16)}Z). Look at the clocks of both: timedatectl`,
    );
  if (/^ERR_SSL_.*(ALERT|CERTIFICATE_REQUIRED)/.test(code))
    return failure("unknown-node", strangerHere(server));
  if (isUntrusted(code))
    return failure(
      "stranger",
      `what answers as ${server} is not the storage node that this node joined: its certificate is of another authority. If the storage node was set up anew, join again with a new token (there: swarmnfs server token NODE). If not, somebody else answers in its place`,
    );
  if (code.startsWith("ERR_SSL_") || code.startsWith("HPE_") || code === "EPROTO")
    return failure(
      "stranger",
      `what answers at ${server} on port ${port} is no control API of a swarmnfs storage node. Mend the storage's URL`,
    );
  return failure(
    "away",
    `the connection to ${server} broke (${code === "" ? String(error) : code}). ${nothingLost}`,
  );
}

/** The server does not know the node that asks, or not any more. */
export function strangerHere(server: string): string {
  return `${server} does not take this node's certificate (any more): the node was revoked there, or has been silent until it ended. Make a new token on the storage node (swarmnfs server token NODE) and join again: docker plugin set swarmnfs SWARMNFS_JOIN_TOKEN=…`;
}

/** Where several addresses were tried, what the first of them did. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "";
}

function isUntrusted(code: string): boolean {
  return [
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "CERT_SIGNATURE_FAILURE",
    "CERT_UNTRUSTED",
    "INVALID_CA",
    "INVALID_PURPOSE",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ].includes(code);
}
