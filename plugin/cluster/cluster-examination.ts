import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { version } from "../../service/version.ts";
import { nodesOf } from "../../storage/rules/nodes-of.ts";
import { scratchName } from "../../storage/rules/scratch-name.ts";
import type { GivenRollAnswer, Storage } from "../../storage/storage.ts";
import type { ClusterExamination, ClusterReport, Finding, NodeView } from "../../storage/verbs.ts";
import type { CatalogCopy } from "../catalog-copy.ts";
import type { Engine, EngineNode } from "../engine.ts";
import type { StorageWatch } from "../storage-watch.ts";
import { backupFindings } from "./backup-findings.ts";
import { clusterReport, silentSwarmNodes } from "./cluster-report.ts";
import { ScratchVolume } from "./scratch-volume.ts";
import { type ExaminationParts, selfExamination, swarmNodeOf } from "./self-examination.ts";

export interface ClusterPatience {
  /** How long nodes are waited for, and at least where it is not known which there are. Milliseconds. */
  readonly answersMs: number;
  readonly leastMs: number;
  readonly everyMs: number;
}

/** A node at rest looks every ten seconds, and needs its time to mount and to examine itself. */
export const usualClusterPatience: ClusterPatience = {
  answersMs: 60_000,
  leastMs: 30_000,
  everyMs: 1_000,
};

export interface ClusterParts extends ExaminationParts {
  readonly storage: Storage;
  readonly engine: Pick<Engine, "identify" | "nodes"> | null;
  readonly watch: Pick<StorageWatch, "look" | "trouble">;
  readonly catalog: CatalogCopy;
  readonly patience: ClusterPatience;
  readonly log: Log;
  /** Aborted when the plugin stops. */
  readonly signal: AbortSignal;
}

/** What happens between the question and the report. */
interface Course {
  doing: string;
  answered: readonly string[];
  waiting: readonly string[];
  report: ClusterReport | null;
  failure: unknown;
}

const engineMs = 5_000;

/** Examines all nodes, one examination at a time. Each ends by itself, whether or not somebody still listens. */
export class ClusterExaminations {
  readonly #parts: ClusterParts;
  #latest: { readonly id: string; readonly course: Course } | null = null;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
  }

  /** Begins one, or says which is under way. */
  begin(): string {
    const latest = this.#latest;
    if (latest !== null && latest.course.report === null && latest.course.failure === null)
      return latest.id;
    const id = randomUUID();
    const course: Course = {
      doing: "examining this node",
      answered: [],
      waiting: [],
      report: null,
      failure: null,
    };
    this.#latest = { id, course };
    void this.#run(id, course);
    return id;
  }

  /** Throws `not-found`, and why there is no report. */
  state(id: string): ClusterExamination {
    if (this.#latest?.id !== id)
      throw new UserError("not-found", "the plugin has begun anew meanwhile. Ask once more");
    const { doing, answered, waiting, report, failure } = this.#latest.course;
    if (failure !== null) throw failure;
    return { doing, answered, waiting, report };
  }

  async #run(id: string, course: Course): Promise<void> {
    try {
      course.report = await this.#examine(id, course);
    } catch (error) {
      course.failure = error instanceof UserError ? error : new Error(messageOf(error));
      this.#parts.log.warn({ reason: messageOf(error) }, "the nodes could not be examined");
    }
  }

  async #examine(id: string, course: Course): Promise<ClusterReport> {
    const { node, storage, watch, engine, examine, signal } = this.#parts;
    await watch.look();
    const own = await examine();
    const swarm = (await engine?.nodes(engineMs).catch(() => null)) ?? null;
    const facts = {
      node: node.name,
      nodeId: node.id,
      version,
      storage: storage.url,
      own,
      swarm,
      swarmNode: await swarmNodeOf(engine),
    };
    // Nobody can be asked through a storage that does not answer; that is among what this node says of itself.
    if (watch.trouble !== null || storage.callRoll === undefined)
      return {
        node: node.name,
        storage: storage.url,
        nodes: [{ node: node.name, version, findings: own }],
        findings: [],
      };
    const known = nodesOf(
      (await storage.nodes?.()) ?? null,
      this.#parts.catalog.volumes(),
      this.#parts.catalog,
    );
    const scratch = await this.#makeScratch(id);
    const began = performance.now();
    try {
      const call = {
        schema: 1 as const,
        id,
        node: node.name,
        nodeId: node.id,
        version,
        volume: scratch.trouble === null ? scratch.name : null,
        token: scratch.token,
        calledAt: new Date().toISOString(),
      };
      course.doing = "asking the nodes";
      await storage.callRoll(call, node);
      const mine = await selfExamination({ ...this.#parts, examine: async () => own }, null);
      await storage.answerRoll?.(id, mine, node);
      const answers = await this.#collect(id, { ...facts, known }, course, signal);
      course.doing = "reading what they wrote";
      return clusterReport({
        ...facts,
        known,
        answers,
        wrote: scratch.trouble,
        readBack: await readBack(scratch, answers),
        waitedMs: performance.now() - began,
        backup: await this.#backup(),
      });
    } finally {
      course.doing = "tidying up";
      await scratch.volume.giveBack();
      // What cannot be taken away now is by whoever keeps house.
      await storage.endRoll?.(id, node).catch(() => undefined);
    }
  }

  /** A volume with a file of ours in it, and why it could not be had. */
  async #makeScratch(id: string): Promise<Scratch> {
    const { node, scratch } = this.#parts;
    const name = scratchName(id);
    const token = randomBytes(16).toString("hex");
    const volume = new ScratchVolume(scratch, name);
    try {
      await volume.make();
      await volume.write(node.id, token);
      return { name, token, volume, trouble: null };
    } catch (error) {
      return { name, token, volume, trouble: messageOf(error) };
    }
  }

  async #collect(
    id: string,
    facts: Expected,
    course: Course,
    signal: AbortSignal,
  ): Promise<readonly GivenRollAnswer[]> {
    const { storage, patience } = this.#parts;
    const began = performance.now();
    for (;;) {
      const answers = (await storage.rollAnswers?.(id)) ?? [];
      course.answered = answers.map(({ node }) => node).toSorted();
      course.waiting = expected(facts, answers);
      const waited = performance.now() - began;
      const isKnown = facts.swarm !== null;
      const isEnough = course.waiting.length === 0 && (isKnown || waited >= patience.leastMs);
      if (isEnough || waited >= patience.answersMs || signal.aborted) return answers;
      await delay(patience.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #backup(): Promise<readonly Finding[]> {
    const { storage, catalog } = this.#parts;
    const now = Date.now();
    try {
      const review = await storage.review(new Date(now).toISOString());
      const volumes = catalog.volumes().map((record) => ({ record }));
      return backupFindings({ volumes, review, now });
    } catch (error) {
      return [
        {
          level: "warning",
          title: "how the storage is backed up is not known",
          advice: messageOf(error),
        },
      ];
    }
  }
}

interface Scratch {
  readonly name: string;
  readonly token: string;
  readonly volume: ScratchVolume;
  readonly trouble: string | null;
}

interface Expected {
  readonly nodeId: string;
  readonly swarm: readonly EngineNode[] | null;
  readonly swarmNode: string | null;
  readonly known: readonly NodeView[];
}

/** Names of nodes that can be expected to answer, and have not. */
function expected(facts: Expected, answers: readonly GivenRollAnswer[]): string[] {
  const silent = silentSwarmNodes({ ...facts, answers });
  const inSwarm = silent.filter(({ state, hasPlugin }) => state === "ready" && hasPlugin);
  if (facts.swarm !== null) return inSwarm.map(({ name }) => name).toSorted();
  const heard = new Set([facts.nodeId, ...answers.map(({ nodeId }) => nodeId)]);
  return facts.known
    .filter(({ id, enrolled }) => !heard.has(id) && (enrolled?.state ?? "live") === "live")
    .map(({ name }) => name);
}

/** Whether what each node wrote is read here. */
async function readBack(
  { volume, token, trouble }: Scratch,
  answers: readonly GivenRollAnswer[],
): Promise<ReadonlyMap<string, string | null>> {
  const found = new Map<string, string | null>();
  if (trouble !== null) return found;
  for (const { nodeId, scratch } of answers)
    if (scratch?.ok === true)
      found.set(
        nodeId,
        await volume
          .read(nodeId)
          .then(
            (text) => (text === token ? null : "The file is there, and holds something else"),
            messageOf,
          ),
      );
  return found;
}
