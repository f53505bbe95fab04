import { createHash } from "node:crypto";
import { formatAge } from "../../service/age.ts";
import { type Clock, rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { formatJoinToken, parseJoinToken } from "../../storage/swarmnfs/join-token.ts";
import type { Certificate } from "../../storage/swarmnfs/protocol/node.ts";
import type { AnswerOf, BodyOf } from "../../storage/swarmnfs/protocol/routes.ts";
import type { Addresses } from "./addresses.ts";
import type { Authority, Issued } from "./authority.ts";
import { keyInRequest } from "./certificate.ts";
import type { JoinTokens, TokenRecord } from "./join-tokens.ts";
import type { NodeRecord } from "./node-file.ts";
import type { Registry } from "./registry.ts";

interface Parts {
  readonly authority: Authority;
  readonly tokens: JoinTokens;
  readonly registry: Registry;
  readonly addresses: Addresses;
  readonly clock: Clock;
  readonly allowed: { check(name: string | null, address: string): void };
  readonly server: () => string | null;
  /** Revokes a node whose place another takes. */
  readonly replace: (record: NodeRecord, why: string) => Promise<void>;
}

/** How a node becomes one of ours: with a join token, and from then on by its own certificate. Not reentrant. */
export class Enrolment {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async enrol(
    given: BodyOf<"enrol">,
    address: string,
  ): Promise<{ record: NodeRecord; answer: Certificate }> {
    const { authority, tokens, registry, clock } = this.#parts;
    checkNodeName(given.name);
    this.#parts.allowed.check(given.name, address);
    const node = { id: given.id.toLowerCase(), name: given.name };
    const { secret, ca } = parseJoinToken(given.token);
    if (ca !== authority.fingerprint) {
      throw new UserError(
        "denied",
        `the join token is of another storage node. One is made here with: swarmnfs server token ${node.name}`,
      );
    }
    const key = await keyIn(given.request);
    const token = tokens.check(secret, { ...node, key, address });
    await this.#makeRoom(node, address, token);
    const issued = await authority.certify(node, given.request);
    await tokens.spend(token, { id: node.id, key });
    const record: NodeRecord = {
      schema: 1,
      ...node,
      ...(token.role !== undefined && { role: token.role }),
      enrolledAt: rfc3339(clock.now()),
      certificates: [written(issued)],
      address: null,
      seenAt: null,
      revoked: null,
    };
    await registry.save(record);
    return { record, answer: issued.answer };
  }

  async certify(id: string, request: string): Promise<Certificate> {
    const { authority, registry, clock } = this.#parts;
    const record = registry.get(id);
    if (record === null || record.revoked !== null)
      throw new UserError("denied", "the node was revoked");
    const issued = await authority.certify(record, request);
    const valid = record.certificates.filter(({ until }) => Date.parse(until) > clock.now());
    // The one in use, and those whose answer may have been lost on the way.
    await registry.save({ ...record, certificates: [...valid.slice(-3), written(issued)] });
    return issued.answer;
  }

  async token(given: BodyOf<"token">): Promise<AnswerOf<"token">> {
    const { authority, tokens, registry, server } = this.#parts;
    checkNodeName(given.node);
    const known = registry.named(given.node);
    if (known !== null && !given.replace) throw this.#taken(known);
    const { secret, expiresAt } = await tokens.make(given);
    const token = formatJoinToken({
      server: server() ?? undefined,
      ca: authority.fingerprint,
      node: given.node,
      secret,
    });
    return { token, expiresAt };
  }

  /** Nobody else has the name or the id when this settles. */
  async #makeRoom(
    node: { id: string; name: string },
    address: string,
    token: TokenRecord,
  ): Promise<void> {
    const { registry, addresses } = this.#parts;
    const itself = registry.get(node.id);
    if (itself !== null) this.#checkItself(itself, node.name, address, token);
    const other = registry.named(node.name);
    if (other === null || other.id === node.id) return;
    if (addresses.isLive(other.id) && other.seenAt !== null) {
      throw new UserError(
        "conflict",
        `a node called "${other.name}" is alive at ${other.address ?? "an unknown address"}. Two nodes must not share a name: give one of them another (docker plugin set swarmnfs SWARMNFS_NODE=NAME) and make a token for that. If this machine takes the place of the other, switch that off first, and try again a minute later`,
      );
    }
    if (!token.replace) throw this.#taken(other);
    await this.#parts.replace(other, `node ${node.id} took its place`);
  }

  /** The same id comes again: a node that lost its certificate, one that was revoked, or a copy of its state directory. */
  #checkItself(itself: NodeRecord, name: string, address: string, token: TokenRecord): void {
    if (itself.revoked !== null) {
      if (token.spent === null) return;
      throw new UserError(
        "denied",
        `the node was revoked after it had joined with this token. Another one is made on the storage node: swarmnfs server token ${name}`,
      );
    }
    if (itself.name.toLowerCase() !== name.toLowerCase()) {
      throw new UserError(
        "conflict",
        `this node has the id of node "${itself.name}" (${itself.id}). If it is that node, and was renamed, revoke it first: swarmnfs server revoke ${itself.name}. If it is a copy of that machine, remove /var/lib/swarmnfs/node.json here while the plugin is disabled`,
      );
    }
    const place = this.#parts.addresses.addressOf(itself.id);
    if (this.#parts.addresses.isLive(itself.id) && itself.seenAt !== null && place !== address) {
      throw new UserError(
        "conflict",
        `node "${itself.name}" is alive at ${place}, and this machine, at ${address}, has its id. It is a copy: give it another name (docker plugin set swarmnfs SWARMNFS_NODE=NAME), and remove /var/lib/swarmnfs/node.json here while the plugin is disabled`,
      );
    }
  }

  #taken(known: NodeRecord): UserError {
    const now = this.#parts.clock.now();
    const seen =
      known.seenAt === null ? "has never called" : `called ${formatAge(known.seenAt, now)}`;
    return new UserError(
      "conflict",
      `a node called "${known.name}" has joined already (it ${seen}). Another machine needs another name: docker plugin set swarmnfs SWARMNFS_NODE=NAME. If it is to take that one's place: swarmnfs server token ${known.name} --replace`,
    );
  }
}

/** As names of hosts are, and no pattern: rules are matched with it. */
function checkNodeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$/.test(name)) return;
  throw new UserError(
    "invalid",
    `${JSON.stringify(name)} is not a node's name: letters, digits, ".", "-" and "_" are expected, as in a host name. Set it with SWARMNFS_NODE`,
  );
}

async function keyIn(request: string): Promise<string> {
  const { rawData } = await keyInRequest(request);
  return createHash("sha256").update(Buffer.from(rawData)).digest("hex");
}

function written({ serial, until }: Issued): NodeRecord["certificates"][number] {
  return { serial, until };
}
