import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { pino } from "pino";
import { v7 as uuid } from "uuid";
import { Nodes, type NodesWorld } from "../../../nfs-server/nodes/nodes.ts";
import type { Certificate } from "../../../storage/swarmnfs/protocol/node.ts";
import { newMachine, peerWith } from "./machine.ts";

export const minute = 60_000;

/** Nodes on a disk of their own, whose time stands still. */
export class NodesUnderTest {
  readonly folder: string;
  /** Milliseconds since 1970; the monotonic clock is the same. */
  now = Date.parse("2026-03-01T12:00:00Z");
  readonly lines: Record<string, unknown>[] = [];
  readonly gone: string[] = [];
  readonly fenced = new Map<string, string>();
  #nodes: Nodes | null = null;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(
    t: ExecutionContext,
    world: Partial<NodesWorld> = {},
  ): Promise<NodesUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), "swarmnfs-nodes-"));
    const tested = new NodesUnderTest(folder);
    t.teardown(async () => {
      await tested.#nodes?.settled();
      await rm(folder, { recursive: true, force: true });
    });
    await tested.restart(world);
    return tested;
  }

  get nodes(): Nodes {
    if (this.#nodes === null) throw new Error("not started");
    return this.#nodes;
  }

  async restart(world: Partial<NodesWorld> = {}): Promise<void> {
    await this.#nodes?.settled();
    this.#nodes = await Nodes.open({
      folder: this.folder,
      clock: { now: () => this.now },
      monotonic: () => this.now,
      log: pino(
        { level: "info" },
        { write: (line) => this.lines.push(JSON.parse(line) as Record<string, unknown>) },
      ),
      allowed: { check: () => undefined },
      roleOf: (name, given) => (name === "boss" ? "admin" : given),
      holdings: {
        leasesOf: () => 0,
        fencedBecause: (id) => this.fenced.get(id) ?? null,
        nodeGone: async (id) => {
          this.gone.push(id);
        },
      },
      server: () => "10.0.0.5:2050",
      ...world,
    });
  }

  async token(node: string, given: { cidr?: string; replace?: boolean } = {}): Promise<string> {
    const asked = { cidr: null, validMs: 60 * minute, replace: false, ...given };
    return (await this.nodes.token({ node, ...asked })).token;
  }

  /** A machine of that name joins, and calls once. */
  async joined(name: string, address: string, id: string = uuid()): Promise<Joined> {
    const { request, key } = await newMachine();
    const token = await this.token(name, { replace: true });
    const certificate = await this.nodes.enrol({ token, id, name, request }, address);
    this.nodes.authenticate(peerWith(certificate, address));
    return { id, key, certificate };
  }

  audits(kind: string): readonly Record<string, unknown>[] {
    return this.lines.filter(({ audit }) => audit === kind);
  }
}

export interface Joined {
  readonly id: string;
  readonly key: string;
  readonly certificate: Certificate;
}
