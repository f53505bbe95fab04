import { formatDuration } from "../../service/age.ts";
import type { GivenRollAnswer } from "../../storage/storage.ts";
import type { ClusterReport, Finding, NodeExamination, NodeView } from "../../storage/verbs.ts";
import type { EngineNode } from "../engine.ts";

/** A file that went from one node to another through a volume: `null`, or why it did not, in words for people. */
type Way = string | null;

/** Everything that was learned. */
export interface ClusterFacts {
  readonly node: string;
  readonly nodeId: string;
  readonly version: string;
  readonly storage: string;
  /** Of this node's own doctor. */
  readonly own: readonly Finding[];
  /** This node's id in its swarm; null: its engine is in none. */
  readonly swarmNode: string | null;
  /** All nodes of the swarm; null: this node is no manager, or Docker did not say. */
  readonly swarm: readonly EngineNode[] | null;
  /** Nodes that have joined the storage node, or have volumes mounted. */
  readonly known: readonly NodeView[];
  /** Of all nodes, this one among them. */
  readonly answers: readonly GivenRollAnswer[];
  /** Whether this node could write into the scratch volume. */
  readonly wrote: Way;
  /** By node id: whether what that node wrote was read here. */
  readonly readBack: ReadonlyMap<string, Way>;
  readonly waitedMs: number;
  /** What is said of backups. */
  readonly backup: readonly Finding[];
}

/** Below a quarter of a minute nobody notices anything, and answers take their time. */
const clocksAgreeMs = 15_000;

/** What it means, and what to do. Pure. */
export function clusterReport(facts: ClusterFacts): ClusterReport {
  const { node, nodeId, version, storage, swarm, answers, known } = facts;
  const mine = answers.find((answer) => answer.nodeId === nodeId);
  const others = answers.filter((answer) => answer.nodeId !== nodeId);
  const silent = silentSwarmNodes(facts).map((each) => unanswered(each, facts));
  const heard = new Set(answers.map((answer) => answer.nodeId));
  const inSwarm = new Set(swarm?.map(({ name }) => name.toLowerCase()));
  const strangers = known
    .filter(({ id, name }) => id !== nodeId && !heard.has(id) && !inSwarm.has(name.toLowerCase()))
    .filter(({ enrolled }) => enrolled?.state !== "revoked")
    .map((each) => unheard(each, facts));
  const rest = [...others.map((answer) => answered(answer, facts)), ...silent, ...strangers];
  return {
    node,
    storage,
    nodes: [
      { node, version, findings: [...facts.own, ...(mine === undefined ? [] : clockOf(mine))] },
      ...rest.toSorted((a, b) => a.node.localeCompare(b.node)),
    ],
    findings: [
      swarmFinding(facts),
      ...doubles(answers),
      wayFinding(facts, others),
      ...facts.backup,
    ],
  };
}

/** Nodes of the swarm that have not answered. */
export function silentSwarmNodes({
  swarm,
  swarmNode,
  answers,
}: Pick<ClusterFacts, "swarm" | "swarmNode" | "answers">): readonly EngineNode[] {
  // A node whose Docker is silent does not know who it is there: then the name has to do.
  const heard = new Set(answers.map((answer) => answer.swarmNode ?? answer.node.toLowerCase()));
  return (swarm ?? []).filter(
    ({ id, name }) => id !== swarmNode && !heard.has(id) && !heard.has(name.toLowerCase()),
  );
}

function answered(answer: GivenRollAnswer, facts: ClusterFacts): NodeExamination {
  const { node, nodeId, version, findings, scratch } = answer;
  const bad = findings.filter(({ level }) => level !== "ok");
  const well = findings.length - bad.length;
  return {
    node,
    version,
    findings: [
      ok(`plugin ${version}; its own doctor finds ${well} of ${findings.length} things well`),
      ...(version === facts.version ? [] : [otherVersion(version, facts.version)]),
      ...bad,
      ...clockOf(answer),
      ...(facts.wrote === null ? ways(scratch, facts.readBack.get(nodeId) ?? null) : []),
    ],
  };
}

/** Both directions through the volume. */
function ways(scratch: GivenRollAnswer["scratch"], back: Way): Finding[] {
  if (scratch === null) return [];
  const advice =
    "Look at the storage's mount there: swarmnfs doctor, and the kernel's log (dmesg). What one node writes another must see at once";
  if (!scratch.ok)
    return [
      {
        level: "problem",
        title: "it cannot read what this node wrote through a volume",
        advice: `${scratch.reason}. ${advice}`,
      },
    ];
  if (back !== null)
    return [
      {
        level: "problem",
        title: "this node cannot read what it wrote through a volume",
        advice: `${back}. ${advice}`,
      },
    ];
  return [ok("it reads what this node writes through a volume, and this node what it writes")];
}

function clockOf({ aheadMs }: GivenRollAnswer): Finding[] {
  if (Math.abs(aheadMs) < clocksAgreeMs) return [ok("its clock and the storage's agree")];
  const apart = formatDuration(Math.abs(aheadMs));
  return [
    {
      level: "warning",
      title: `its clock is ${apart} ${aheadMs > 0 ? "ahead of" : "behind"} the storage's`,
      advice: "Certificates are believed, and times are shown, by clocks. Look at it: timedatectl",
    },
  ];
}

function otherVersion(theirs: string, ours: string): Finding {
  return {
    level: "warning",
    title: `its plugin is ${theirs}, and that of this node ${ours}`,
    advice:
      "Nodes of different versions work together while one is upgraded after the other; do not leave it so",
  };
}

function unanswered(node: EngineNode, { waitedMs, storage }: ClusterFacts): NodeExamination {
  return { node: node.name, version: null, findings: [{ level: "problem", ...why() }] };

  function why(): Pick<Finding, "title"> & { readonly advice: string } {
    if (node.state !== "ready")
      return {
        title: `the swarm has lost it (${node.state})`,
        advice: "Look at the machine, its network and its Docker: docker node ls",
      };
    if (!node.hasPlugin)
      return {
        title: "Docker there has no such plugin, or it is disabled",
        advice: `On that node: docker plugin ls; then docker plugin enable swarmnfs, or install it there with SWARMNFS_STORAGE=${storage}, as it is here`,
      };
    return {
      title: `it did not answer within ${formatDuration(waitedMs)}`,
      advice: `On that node: swarmnfs doctor. It must have the same storage (${storage}) and a plugin that knows this question: swarmnfs status`,
    };
  }
}

/** A node that is none of this swarm, as far as is known here. */
function unheard(
  { name, seenAt, enrolled }: NodeView,
  { waitedMs }: ClusterFacts,
): NodeExamination {
  const isAlive = enrolled === null || enrolled.state === "live";
  const title = `it did not answer within ${formatDuration(waitedMs)}${isAlive ? "" : `, and was last heard of ${seenAt ?? "never"}`}`;
  const advice = `On that node: swarmnfs doctor.${enrolled === null ? "" : ` If it is gone for good: swarmnfs server revoke ${name}`}`;
  const level = isAlive ? "problem" : "warning";
  return { node: name, version: null, findings: [{ level, title, advice }] };
}

function swarmFinding({ swarm, swarmNode, answers }: ClusterFacts): Finding {
  if (swarm !== null) {
    const ready = swarm.filter(({ state }) => state === "ready").length;
    if (swarm.length === 1) return ok("this node is alone in the swarm");
    return ok(`${swarm.length} nodes are in the swarm, ${ready} of them ready`);
  }
  if (swarmNode === null) return ok(`this engine is in no swarm; ${answers.length} nodes answered`);
  return {
    level: "warning",
    title: `${answers.length} nodes answered; who is missing cannot be known here`,
    advice: "Only a manager knows all nodes of the swarm: run it on one",
  };
}

function doubles(answers: readonly GivenRollAnswer[]): Finding[] {
  const byName = Map.groupBy(answers, ({ node }) => node.toLowerCase());
  return [...byName.values()]
    .filter((same) => same.length > 1)
    .map((same) => ({
      level: "problem" as const,
      title: `${same.length} nodes call themselves "${same[0]?.node ?? ""}"`,
      advice:
        "Rules for hosts cannot tell them apart. Set SWARMNFS_NODE on one of them: docker plugin set swarmnfs SWARMNFS_NODE=NAME",
    }));
}

function wayFinding({ wrote }: ClusterFacts, others: readonly GivenRollAnswer[]): Finding {
  if (wrote !== null)
    return {
      level: "problem",
      title: "this node cannot write through a volume, so nobody could read it",
      advice: `${wrote}. On this node: swarmnfs doctor`,
    };
  if (others.length === 0)
    return ok("this node writes through a volume; there is no other node to read it");
  const read = others.filter(({ scratch }) => scratch?.ok === true).length;
  const title = `${read} of ${others.length} other nodes read what this node wrote through a volume`;
  return read === others.length
    ? ok(title)
    : { level: "problem", title, advice: "What is wrong is said of each node" };
}

function ok(title: string): Finding {
  return { level: "ok", title };
}
