import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import { conditionOf, rivalOf } from "./condition.ts";
import { shownBy } from "./export-of.ts";
import type { LeaseRecord } from "./lease-file.ts";
import type { Held } from "./lease-table.ts";
import { NodeFenced } from "./node-fenced.ts";
import type { DamagedFile } from "./record-files.ts";
import { admit } from "./restart.ts";
import type { Shared } from "./shared.ts";
import { type Rival, takeover } from "./takeover.ts";

/** What is asked about a volume while nobody else can change who has it. */
export interface Attaching {
  readonly volume: string;
  readonly consumers: readonly string[];
  /** The volume's record as it is now; throws where this node may not have it. */
  readonly look: () => Promise<VolumeRecord>;
  /** Whether this node may only read it, whatever the record says; absent: by the record. */
  readonly isReader?: (record: VolumeRecord) => Promise<boolean>;
  /** Called before anybody is fenced for it, and when it is granted, before the kernel is told: makes sure that there is something to mount. */
  readonly prepare: (record: VolumeRecord) => Promise<void>;
}

/** Throws `denied` for a node that was revoked since its call came in. */
export function refuseStranger({ isMember }: Pick<Shared, "isMember">, node: LiveNode): void {
  if (isMember(node.id)) return;
  throw new UserError("denied", `node "${node.name}" was revoked, and has nothing here any more`);
}

type Answers = Map<string, Rival["answer"]>;

/** How a node comes by a lease. */
export class Attachments {
  readonly #shared: Shared;
  readonly #askBoundMs: number;

  constructor(shared: Shared, askBoundMs: number) {
    this.#shared = shared;
    this.#askBoundMs = askBoundMs;
  }

  /** While holders are asked it is nobody's turn, so that they can give back. */
  async attach(node: LiveNode, attaching: Attaching): Promise<Held> {
    const { volume } = attaching;
    const end = performance.now() + this.#askBoundMs;
    const answers: Answers = new Map();
    for (;;) {
      const step = await this.#shared.volumes.run(volume, () =>
        this.#decide(node, attaching, answers),
      );
      if ("held" in step) return step.held;
      await Promise.all(step.ask.map(({ nodeId }) => this.#ask(nodeId, volume, answers, end)));
    }
  }

  /** Another node's lease file for this volume that cannot be read. */
  damageOf(volume: string, nodeId: string): Promise<DamagedFile | null> {
    const { damaged, nodes, grants, terms, attendance } = this.#shared;
    return damaged.of(volume, nodeId, (record) =>
      nodes.run(record.nodeId, async () => {
        attendance.saw(record.nodeId, record.node); // it has a full term, as after a start
        await admit(this.#shared, record);
        await grants.begin(record, terms.now(), []);
      }),
    );
  }

  async #decide(
    node: LiveNode,
    { volume, consumers, look, prepare, isReader: reads }: Attaching,
    answers: Answers,
  ): Promise<{ readonly held: Held } | { readonly ask: readonly Rival[] }> {
    this.#refuseFenced(node); // nobody is asked or fenced for its sake
    const record = await look();
    const isReader = (await reads?.(record)) ?? false;
    const { exclusive } = shownBy(record, isReader);
    for (;;) {
      const damaged = exclusive ? await this.damageOf(volume, node.id) : null;
      const rivals = this.#rivals(volume, node.id, exclusive, answers);
      const step = takeover({ volume, exclusive, rivals, damaged });
      if (step.kind === "refuse") throw step.error;
      if (step.kind === "ask") return { ask: step.rivals };
      if (step.kind === "grant") break;
      // What cannot be mounted in the end is no reason to fence anybody.
      if (step.kind === "fence") await prepare(record);
      await this.#overcome(step.rival, volume, step.kind === "fence" ? step.because : null);
    }
    return this.#shared.nodes.run(node.id, async () => {
      refuseStranger(this.#shared, node);
      this.#refuseFenced(node);
      await prepare(record);
      return { held: await this.#grant(node, record, isReader, consumers) };
    });
  }

  async #grant(
    node: LiveNode,
    record: VolumeRecord,
    isReader: boolean,
    consumers: readonly string[],
  ): Promise<Held> {
    const { table, terms, grants, damaged, clock, log, events } = this.#shared;
    const held = table.get(record.name, node.id);
    if (held !== null && held.record.volumeId === record.id) {
      held.renewedAt = terms.now();
      held.attachedAs = table.attachment();
      held.consumers = [...new Set([...held.consumers, ...consumers])];
      // Also where nothing changed: an end that failed halfway may have revoked it.
      const shown = shownBy(record, isReader);
      await grants.change(held, { ...held.record, ...shown, node: node.name });
      return held;
    }
    if (held !== null) await grants.end(held, "its volume is another one now");
    await damaged.replace(record.name, node.id);
    const lease: LeaseRecord = {
      schema: 1,
      id: uuid(),
      volume: record.name,
      volumeId: record.id,
      nodeId: node.id,
      node: node.name,
      address: node.address,
      ...shownBy(record, isReader),
      grantedAt: rfc3339(clock.now()),
    };
    const begun = await grants.begin(lease, terms.now(), consumers);
    events.granted();
    const { volume, id, exclusive } = lease;
    const facts = {
      volume,
      node: node.name,
      address: node.address,
      lease: id,
      exclusive,
      consumers,
    };
    log.info({ audit: "lease", ...facts }, "a lease is granted");
    return begun;
  }

  #refuseFenced({ id, name }: LiveNode): void {
    const fence = this.#shared.attendance.fence(id);
    if (fence !== null) throw new NodeFenced(name, fence);
  }

  /** Those whose leases cannot be beside the new one. */
  #rivals(volume: string, nodeId: string, exclusive: boolean, answers: Answers): readonly Rival[] {
    return this.#shared.table
      .ofVolume(volume)
      .filter(({ record }) => record.nodeId !== nodeId && (exclusive || record.exclusive))
      .map((held) => rivalOf(this.#shared, held, answers.get(held.record.nodeId) ?? "not asked"));
  }

  /** Takes a rival's lease away, unless it stands differently by now. `because` null: only the lease, not the node. */
  async #overcome(rival: Rival, volume: string, because: string | null): Promise<void> {
    const { table, grants, fencing, nodes } = this.#shared;
    await nodes.run(rival.nodeId, async () => {
      const held = table.get(volume, rival.nodeId);
      if (held === null || conditionOf(this.#shared, held) !== rival.condition) return;
      if (because === null) await grants.end(held, "it is not mounted there any more");
      else await fencing.fence(rival.nodeId, rival.node, because);
    });
  }

  async #ask(nodeId: string, volume: string, answers: Answers, end: number): Promise<void> {
    const { mailboxes, table } = this.#shared;
    const left = end - performance.now();
    const reply = left > 0 ? await mailboxes.of(nodeId).ask(volume, table.attachments, left) : null;
    if (reply === null) answers.set(nodeId, "none");
    else if (!reply.released) answers.set(nodeId, { inUseBy: reply.consumers });
  }
}
