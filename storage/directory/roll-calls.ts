import { UserError } from "../../service/user-error.ts";
import {
  type RollAnswer,
  rollAnswerSchema,
  type RollCall,
  rollCallMs,
  rollCallSchema,
} from "../records/roll-call.ts";
import { isScratch } from "../rules/scratch-name.ts";
import type { GivenRollAnswer, NodeIdentity } from "../storage.ts";
import { CallFolder } from "./call-folder.ts";
import { rollCallFolder } from "./layout.ts";
import type { Layout, Parts } from "./parts.ts";
import { removeVolume } from "./removal.ts";
import { purge } from "./trash.ts";

const folder = new CallFolder<RollCall, RollAnswer>(
  rollCallFolder,
  rollCallSchema,
  rollAnswerSchema,
);
/** Nobody needs more at a time. */
const most = 3;
/** What is left of a call after that long was left by a node that died. */
const abandonedMs = 600_000;

/** Calls the roll. Throws `conflict` while too many others do. */
export async function callRoll(parts: Parts, layout: Layout, call: RollCall): Promise<void> {
  const pending = await pendingRollCalls(parts, layout);
  if (pending.length >= most)
    throw new UserError(
      "conflict",
      `${pending.map(({ node }) => node).join(", ")} ask all nodes at this moment. Try again in a minute`,
    );
  await folder.call(parts, layout, call);
}

/** Those that may still be answered. */
export async function pendingRollCalls(
  parts: Pick<Parts, "clock">,
  layout: Layout,
): Promise<readonly RollCall[]> {
  return (await folder.pending(parts, layout, rollCallMs)).map(({ record }) => record);
}

/** Throws `not-found` when nobody waits for it any more. */
export async function answerRoll(
  parts: Parts,
  layout: Layout,
  id: string,
  answer: RollAnswer,
): Promise<void> {
  if (!(await folder.answer(parts, layout, id, answer.nodeId, answer)))
    throw new UserError("not-found", "nobody waits for this answer any more");
}

/** The answers so far, with how far each node's clock is ahead of the storage's. */
export async function rollAnswers(layout: Layout, id: string): Promise<readonly GivenRollAnswer[]> {
  const answers = await folder.answers(layout, id);
  const aheadMs = ({ record, writtenMs }: (typeof answers)[number]): number =>
    Date.parse(record.at) - writtenMs;
  return answers.map((answer) => Object.assign(answer.record, { aheadMs: aheadMs(answer) }));
}

/** Takes the call, its answers and its volume away for good. A volume that somebody still has is left to the housekeeping. */
export async function endRoll(
  parts: Parts,
  layout: Layout,
  id: string,
  by: NodeIdentity,
): Promise<void> {
  const volume = (await folder.get(layout, id))?.record.volume ?? null;
  await folder.end(parts, layout, id);
  if (volume !== null) await removeScratch(parts, layout, volume, by);
}

/** Takes away what nodes that died have left of theirs. */
export async function sweepRollCalls(
  parts: Parts,
  layout: Layout,
  by: NodeIdentity,
): Promise<void> {
  for (const id of await folder.abandoned(parts, layout, abandonedMs))
    await endRoll(parts, layout, id, by);
  const { records } = await parts.volumes.list(layout);
  for (const record of records)
    if (isScratch(record) && parts.clock.now() - Date.parse(record.createdAt) > abandonedMs)
      await removeScratch(parts, layout, record.name, by);
}

async function removeScratch(
  parts: Parts,
  layout: Layout,
  name: string,
  by: NodeIdentity,
): Promise<void> {
  const record = await parts.volumes.read(layout, name);
  if (record === null || record.state === "trashed" || !isScratch(record)) return;
  try {
    const outcome = await removeVolume(parts, layout, name, by);
    if (outcome.kind === "trashed") await purge(parts, layout, [outcome.entry]);
  } catch (error) {
    if (!(error instanceof UserError) || !["in-use", "not-found"].includes(error.code)) throw error;
  }
}
