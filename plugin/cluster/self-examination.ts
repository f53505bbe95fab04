import { messageOf } from "../../service/message-of.ts";
import { version } from "../../service/version.ts";
import type { RollAnswer, RollCall } from "../../storage/records/roll-call.ts";
import { isScratchName } from "../../storage/rules/scratch-name.ts";
import type { NodeIdentity } from "../../storage/storage.ts";
import type { Finding } from "../../storage/verbs.ts";
import type { Engine } from "../engine.ts";
import { type ScratchParts, ScratchVolume } from "./scratch-volume.ts";

export interface ExaminationParts {
  readonly node: NodeIdentity;
  /** Null: switched off. */
  readonly engine: Pick<Engine, "identify"> | null;
  readonly scratch: ScratchParts;
  /** Of this node's own doctor. */
  readonly examine: () => Promise<readonly Finding[]>;
}

const engineMs = 5_000;
/** The record has a bound, and whoever reads it has a screen. */
const mostFindings = 100;

/** What this node says of itself; `scratch` is what came of the volume. Never rejects. */
export async function selfExamination(
  parts: ExaminationParts,
  scratch: RollAnswer["scratch"],
): Promise<RollAnswer> {
  const findings = await parts.examine().catch((error: unknown): Finding[] => [
    {
      level: "problem",
      title: "this node cannot be examined",
      advice: messageOf(error),
    },
  ]);
  return {
    schema: 1,
    node: parts.node.name,
    nodeId: parts.node.id,
    swarmNode: await swarmNodeOf(parts.engine),
    version,
    findings: findings.slice(0, mostFindings).map(cut),
    scratch,
    at: new Date().toISOString(),
  };
}

/** This node's id in its swarm; null: it is in none, or Docker does not say. */
export async function swarmNodeOf(engine: ExaminationParts["engine"]): Promise<string | null> {
  const identity = await engine?.identify(engineMs).catch(() => null);
  return identity?.swarmNode ?? null;
}

/** Reads what whoever asks has written into the volume, and writes what they can read. Never rejects. */
export async function tryScratch(
  { node, scratch }: ExaminationParts,
  call: RollCall,
): Promise<RollAnswer["scratch"]> {
  // A node must not have others mount what it likes.
  if (call.volume === null || !isScratchName(call.volume)) return null;
  const volume = new ScratchVolume(scratch, call.volume);
  try {
    const read = await volume.read(call.nodeId);
    await volume.write(node.id, call.token);
    return read === call.token
      ? { ok: true, reason: "" }
      : { ok: false, reason: "The file is there, and holds something else" };
  } catch (error) {
    return { ok: false, reason: messageOf(error).slice(0, 1000) };
  } finally {
    await volume.giveBack();
  }
}

function cut({ level, title, advice }: Finding): Finding {
  const said = { level, title: title.slice(0, 1000) };
  return advice === undefined ? said : { ...said, advice: advice.slice(0, 2000) };
}
