import { v7 as uuid } from "uuid";
import { UserError } from "../../service/user-error.ts";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import {
  type RollAnswer,
  rollAnswerSchema,
  type RollCall,
  rollCallMs,
  rollCallSchema,
} from "../records/roll-call.ts";
import { isScratch } from "../rules/scratch-name.ts";
import type { GivenRollAnswer, NodeIdentity } from "../storage.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import { rollCallFolder } from "./layout.ts";
import type { Layout, Parts } from "./parts.ts";
import { textOf } from "./record-file.ts";
import { removeVolume } from "./removal.ts";
import { purge } from "./trash.ts";
import { deleteTree } from "./tree.ts";

const calledFile = "called.json";
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
  // The last answer to another call may take the folder away while this one is put into it.
  for (let attempt = 0; ; attempt += 1) {
    try {
      await using calls = await layout.meta.make(rollCallFolder, 0o700);
      await using own = await calls.make(call.id, 0o700);
      await put(parts, layout, own, calledFile, call);
      return;
    } catch (error) {
      if (attempt >= 3 || !isTrouble(error, "ENOENT")) throw error;
    }
  }
}

/** Those that may still be answered. */
export async function pendingRollCalls(
  parts: Pick<Parts, "clock">,
  layout: Layout,
): Promise<readonly RollCall[]> {
  return within(layout, [], async (calls) => {
    const found: RollCall[] = [];
    for (const id of await calls.names()) {
      const each = await read(calls, id);
      if (each !== null && parts.clock.now() - each.writtenMs < rollCallMs) found.push(each.call);
    }
    return found;
  });
}

/** Throws `not-found` when nobody waits for it any more. */
export async function answerRoll(
  parts: Parts,
  layout: Layout,
  id: string,
  answer: RollAnswer,
): Promise<void> {
  const done = await within(layout, false, async (calls) => {
    if ((await read(calls, id)) === null) return false;
    await using own = await calls.open(id);
    await put(parts, layout, own, `${answer.nodeId}.json`, answer);
    return true;
  });
  if (!done) throw new UserError("not-found", "nobody waits for this answer any more");
}

/** The answers so far, with how far each node's clock is ahead of the storage's. */
export async function rollAnswers(layout: Layout, id: string): Promise<readonly GivenRollAnswer[]> {
  return within(layout, [], async (calls) => {
    await using own = await calls.open(id);
    const answers: GivenRollAnswer[] = [];
    for (const name of await own.names()) {
      const file = name === calledFile ? null : await own.read(name);
      const answer = file === null ? null : understood(file.text, rollAnswerSchema);
      if (file === null || answer === null) continue;
      answers.push({ ...answer, aheadMs: Date.parse(answer.at) - Number(file.stamp.mtimeMs) });
    }
    return answers;
  });
}

/** Takes the call, its answers and its volume away for good. A volume that somebody still has is left to the housekeeping. */
export async function endRoll(
  parts: Parts,
  layout: Layout,
  id: string,
  by: NodeIdentity,
): Promise<void> {
  const volume = await within(layout, null, async (calls) => {
    const found = await read(calls, id);
    await deleteTree(calls, id, parts.progress);
    return found?.call.volume ?? null;
  });
  await layout.meta.rmdir(rollCallFolder);
  if (volume !== null) await removeScratch(parts, layout, volume, by);
}

/** Takes away what nodes that died have left of theirs. */
export async function sweepRollCalls(
  parts: Parts,
  layout: Layout,
  by: NodeIdentity,
): Promise<void> {
  const old = await within(layout, [], async (calls) => {
    const ids: string[] = [];
    for (const id of await calls.names()) {
      const stamp = await calls.stat(id);
      if (stamp !== null && parts.clock.now() - Number(stamp.mtimeMs) > abandonedMs) ids.push(id);
    }
    return ids;
  });
  for (const id of old) await endRoll(parts, layout, id, by);
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

async function within<T>(
  layout: Layout,
  none: T,
  work: (calls: Directory) => Promise<T>,
): Promise<T> {
  try {
    await using calls = await layout.meta.open(rollCallFolder);
    return await work(calls);
  } catch (error) {
    // It is taken away with the last call, also while somebody looks.
    if (isTrouble(error, "ENOENT", "ENOTDIR", "ESTALE")) return none;
    throw error;
  }
}

async function read(
  calls: Directory,
  id: string,
): Promise<{ readonly call: RollCall; readonly writtenMs: number } | null> {
  try {
    await using own = await calls.open(id);
    const file = await own.read(calledFile);
    const call = file === null ? null : understood(file.text, rollCallSchema);
    if (file === null || call === null || call.id !== id) return null;
    return { call, writtenMs: Number(file.stamp.mtimeMs) };
  } catch (error) {
    if (isTrouble(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

function understood<Schema extends typeof rollCallSchema | typeof rollAnswerSchema>(
  text: string,
  schema: Schema,
): ReturnType<Schema["parse"]> | null {
  try {
    return parseRecord(text, schema) as ReturnType<Schema["parse"]>;
  } catch (error) {
    if (error instanceof DamagedRecord) return null;
    throw error;
  }
}

async function put(
  parts: Parts,
  layout: Layout,
  folder: Directory,
  name: string,
  record: unknown,
): Promise<void> {
  const tmp = await layout.folder("tmp");
  const temporary = uuid();
  const written = await tmp.write(temporary, textOf(record), true);
  parts.clock.observe(written.mtimeMs);
  try {
    await tmp.rename(temporary, folder, name);
  } catch (error) {
    await tmp.unlink(temporary);
    throw error;
  }
}
