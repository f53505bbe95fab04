import { join } from "node:path";
import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { Mutex } from "../../storage/directory/mutex.ts";
import { leaseTermMs } from "../../storage/swarmnfs/protocol/lease.ts";
import type {
  Certificate,
  EnrolledNode,
  GivenRole,
  Role,
} from "../../storage/swarmnfs/protocol/node.ts";
import type { AnswerOf, BodyOf } from "../../storage/swarmnfs/protocol/routes.ts";
import { Refusal } from "../control/refusal.ts";
import { Addresses } from "./addresses.ts";
import { Authority } from "./authority.ts";
import { Enrolment } from "./enrolment.ts";
import { JoinTokens } from "./join-tokens.ts";
import type { LiveNode } from "./live-node.ts";
import type { NodeRecord } from "./node-file.ts";
import type { Peer } from "./peer.ts";
import { Registry } from "./registry.ts";

/** What the leases know of nodes. */
export interface NodeHoldings {
  leasesOf(id: string): number;
  /** Why it is fenced; null unless it is. */
  fencedBecause(id: string): string | null;
  /** Its certificate is void: everything it has is taken away, now. */
  nodeGone(id: string): Promise<void>;
}

/** Whom the nodes' rules and effects depend on. */
export interface NodesWorld {
  /** `<root>/.swarmnfs/server`. */
  readonly folder: string;
  readonly clock: Clock;
  /** Milliseconds that only grow. */
  readonly monotonic: () => number;
  readonly log: Log;
  /** Throws `denied` for hosts that may not speak to this server at all, whatever they prove. */
  readonly allowed: { check(name: string | null, address: string): void };
  /** What a node may, by its name and by what its join token made it. */
  readonly roleOf: (name: string, given: GivenRole) => Role;
  readonly holdings: NodeHoldings;
  /** Where nodes find this server, for join tokens: `10.0.0.5:2050`; null: nobody knows now. */
  readonly server: () => string | null;
}

/** Who the nodes are: they enrol, prove who they are with each call, and are revoked. */
export class Nodes {
  readonly authority: Authority;
  readonly #world: NodesWorld;
  readonly #registry: Registry;
  readonly #addresses: Addresses;
  readonly #enrolment: Enrolment;
  /** Who has what name or certificate changes one after another. */
  readonly #changes = new Mutex();

  private constructor(
    world: NodesWorld,
    registry: Registry,
    authority: Authority,
    tokens: JoinTokens,
  ) {
    this.#world = world;
    this.#registry = registry;
    this.authority = authority;
    this.#addresses = new Addresses(world.monotonic, leaseTermMs);
    // Where two had one address, it is of the one that called last.
    const seen = registry.list().toSorted((a, b) => seenAt(b) - seenAt(a));
    for (const node of seen)
      if (node.revoked === null && node.address !== null)
        this.#addresses.remember(node, node.address);
    this.#enrolment = new Enrolment({
      authority,
      tokens,
      registry,
      addresses: this.#addresses,
      clock: world.clock,
      allowed: world.allowed,
      server: world.server,
      replace: (record, why) => this.#revoke(record, why),
    });
  }

  /** Throws `unavailable` when the authority cannot be read: see {@link Authority.open}. */
  static async open(world: NodesWorld): Promise<Nodes> {
    const registry = await Registry.open(join(world.folder, "nodes"), world.clock, world.log);
    const folder = join(world.folder, "authority");
    const authority = await Authority.open(folder, !registry.isEmpty, world.clock);
    const tokens = await JoinTokens.open(join(world.folder, "tokens"), world.clock);
    return new Nodes(world, registry, authority, tokens);
  }

  /** Who calls. Throws `Refusal` (unknown-node) and `UserError` (denied), each with an audit line. */
  authenticate(peer: Peer): LiveNode {
    try {
      const record = this.#proved(peer);
      const { id, name } = record;
      this.#world.allowed.check(name, peer.address);
      const before = this.#addresses.addressOf(id);
      if (this.#addresses.claim({ id, name }, peer.address))
        this.#world.log.info(
          { audit: "address", node: name, nodeId: id, address: peer.address, before },
          "a node is at a new address",
        );
      this.#registry.saw(id, peer.address);
      return { id, name, role: this.#roleOf(record), address: peer.address };
    } catch (error) {
      this.#world.log.warn(
        {
          audit: "refused",
          address: peer.address,
          nodeId: peer.certificate?.id ?? null,
          reason: messageOf(error),
        },
        "a caller was refused",
      );
      throw error;
    }
  }

  /** Throws `denied`, `conflict`, `invalid`. */
  enrol(given: BodyOf<"enrol">, address: string): Promise<Certificate> {
    return this.#changes.run(async () => {
      const { name } = given;
      try {
        const { record, answer } = await this.#enrolment.enrol(given, address);
        this.#world.log.info(
          { audit: "enrol", node: name, nodeId: record.id, address },
          "a node has joined",
        );
        return answer;
      } catch (error) {
        this.#world.log.warn(
          {
            audit: "refused",
            node: inLog(name),
            nodeId: given.id,
            address,
            reason: messageOf(error),
          },
          "a node may not join",
        );
        throw error;
      }
    });
  }

  /** A new certificate; the one before stays good until its end, or until the next. Throws `invalid`. */
  certify(node: LiveNode, request: string): Promise<Certificate> {
    return this.#changes.run(async () => {
      const answer = await this.#enrolment.certify(node.id, request);
      this.#world.log.info(
        { audit: "certify", node: node.name, nodeId: node.id, address: node.address },
        "a node has a new certificate",
      );
      return answer;
    });
  }

  /** Throws `invalid`, `conflict`. */
  token(given: BodyOf<"token">): Promise<AnswerOf<"token">> {
    return this.#enrolment.token(given);
  }

  /** Its certificate is void from now on, and everything it has is taken away. Throws `not-found`. */
  revoke(id: string): Promise<void> {
    return this.#changes.run(async () => {
      const record = this.#registry.get(id);
      if (record === null || record.revoked !== null)
        throw new UserError(
          "not-found",
          `no node of id ${id} is enrolled. See: swarmnfs server nodes`,
        );
      await this.#revoke(record, "by an administrator");
    });
  }

  list(): readonly EnrolledNode[] {
    return this.#registry
      .list()
      .map((record) => this.#shown(record))
      .toSorted((a, b) => a.name.localeCompare(b.name) || a.enrolledAt.localeCompare(b.enrolledAt));
  }

  /** A node that has enrolled and was not revoked. */
  find(id: string): { readonly id: string; readonly name: string; readonly role: Role } | null {
    const record = this.#registry.get(id);
    if (record === null || record.revoked !== null) return null;
    return { id, name: record.name, role: this.#roleOf(record) };
  }

  /** Also of one that was revoked; null: no such node has ever joined. */
  nameOf(id: string): string | null {
    return this.#registry.get(id)?.name ?? null;
  }

  /** The name of the node that lives at an address, or did last; null: none. */
  nameAt(address: string): string | null {
    const id = this.#addresses.nodeAt(address);
    return id === null ? null : this.nameOf(id);
  }

  /** Where nodes are is on disk, as far as it could be written: to be waited for before the server ends. */
  settled(): Promise<void> {
    return this.#registry.settled();
  }

  async #revoke(record: NodeRecord, why: string): Promise<void> {
    const at = rfc3339(this.#world.clock.now());
    await this.#registry.save({ ...record, revoked: { at, why } });
    this.#addresses.release(record.id);
    this.#world.log.info(
      { audit: "revoke", node: record.name, nodeId: record.id, why },
      "a node was revoked",
    );
    await this.#world.holdings.nodeGone(record.id);
  }

  #proved({ certificate, trouble }: Peer): NodeRecord {
    if (certificate === null)
      throw stranger(`this call has no certificate that this storage node accepts (${trouble})`);
    const record = this.#registry.get(certificate.id);
    if (record === null)
      throw stranger(
        `the certificate is of a node (${certificate.id}) that this storage node does not know`,
      );
    const name = `node "${record.name}"`;
    if (record.revoked !== null)
      throw stranger(`${name} was revoked at ${record.revoked.at} (${record.revoked.why})`);
    if (!record.certificates.some(({ serial }) => serial === certificate.serial))
      throw stranger(
        `the certificate of ${name} is void: the node has joined again since, and got another`,
      );
    if (certificate.until <= this.#world.clock.now())
      throw stranger(`the certificate of ${name} ended at ${rfc3339(certificate.until)}`);
    return record;
  }

  #roleOf({ name, role = "node" }: NodeRecord): Role {
    return this.#world.roleOf(name, role);
  }

  #shown(record: NodeRecord): EnrolledNode {
    const { id, name, revoked, certificates } = record;
    const fencedBecause = this.#world.holdings.fencedBecause(id);
    const liveState = this.#addresses.isLive(id) && record.seenAt !== null ? "live" : "silent";
    const state = fencedBecause === null ? liveState : "fenced";
    return {
      id,
      name,
      role: this.#roleOf(record),
      enrolledAt: record.enrolledAt,
      certifiedUntil:
        certificates
          .map(({ until }) => until)
          .toSorted()
          .at(-1) ?? record.enrolledAt,
      address: record.address,
      seenAt: record.seenAt,
      state: revoked === null ? state : "revoked",
      fencedBecause: revoked === null ? fencedBecause : null,
      leases: this.#world.holdings.leasesOf(id),
    };
  }
}

function seenAt(record: NodeRecord): number {
  return record.seenAt === null ? 0 : Date.parse(record.seenAt);
}

/** What a stranger calls itself: no control characters into a log that people read on terminals. */
function inLog(name: string): string {
  return name.replaceAll(/[^ -~]/g, "?");
}

function stranger(reason: string): Refusal {
  return new Refusal(
    "unknown-node",
    `${reason}. Make a token on the storage node (swarmnfs server token NODE) and join with it: docker plugin set swarmnfs SWARMNFS_JOIN_TOKEN=…`,
  );
}
