import { UserError } from "../../service/user-error.ts";
import {
  type GivenHookAnswer,
  type Holder,
  type HookAnswer,
  hookAnswerSchema,
  type HookCall,
  hookCallMs,
  hookCallSchema,
} from "../records/hook-call.ts";
import { CallFolder } from "./call-folder.ts";
import { isTrouble } from "./file-trouble.ts";
import { hookCallFolder } from "./layout.ts";
import type { Layout, Parts } from "./parts.ts";

const folder = new CallFolder<HookCall, HookAnswer>(
  hookCallFolder,
  hookCallSchema,
  hookAnswerSchema,
);
/** What was not written anew for that long was left by a service that died. */
const abandonedMs = 2 * 60 * 60_000;

/** Calls, or says that the call still holds, and which phase it is in. */
export function callHooks(parts: Parts, layout: Layout, call: HookCall): Promise<void> {
  return folder.call(parts, layout, call);
}

/** Those that hold now. */
export async function pendingHookCalls(
  parts: Pick<Parts, "clock">,
  layout: Layout,
): Promise<readonly HookCall[]> {
  return (await folder.pending(parts, layout, hookCallMs)).map(({ record }) => record);
}

/**
 * Throws `not-found` when nobody waits for it any more, and `conflict` for a node that begins what a former life of its
 * plugin has begun, or knows nothing of it any more.
 */
export async function answerHook(
  parts: Parts,
  layout: Layout,
  id: string,
  answer: HookAnswer,
): Promise<void> {
  if (answer.state === "begun" || answer.state === "nothing") {
    const answers = await folder.answers(layout, id);
    const before = answers.find(({ record }) => record.nodeId === answer.nodeId)?.record;
    if (before !== undefined && before.life !== answer.life && before.state !== "nothing")
      throw new UserError("conflict", `node "${answer.node}" has begun with this before`);
  }
  if (!(await folder.answer(parts, layout, id, answer.nodeId, answer)))
    throw new UserError("not-found", "nobody waits for this answer any more");
}

/** The answers so far. */
export async function hookAnswers(
  parts: Pick<Parts, "clock">,
  layout: Layout,
  id: string,
): Promise<readonly GivenHookAnswer[]> {
  const now = parts.clock.now();
  const answers = await folder.answers(layout, id);
  return answers.map(({ record, writtenMs }) =>
    Object.assign(record, { ageMs: Math.max(0, now - writtenMs) }),
  );
}

export function endHooks(parts: Parts, layout: Layout, id: string): Promise<void> {
  return folder.end(parts, layout, id);
}

/** Takes away what a service that died has left. */
export async function sweepHookCalls(parts: Parts, layout: Layout): Promise<void> {
  for (const id of await folder.abandoned(parts, layout, abandonedMs))
    await endHooks(parts, layout, id);
}

/** Who has one of these volumes: by signs of use, and by the leases of a server of ours, which may be of nodes long gone. */
export async function hookHolders(
  parts: Parts,
  layout: Layout,
  volumes: readonly string[],
): Promise<{ readonly live: readonly Holder[]; readonly leased: readonly Holder[] }> {
  const live = new Map<string, Holder>();
  for (const volume of volumes)
    for (const { node, nodeId } of await parts.uses.of(layout, volume))
      live.set(nodeId, { node, nodeId });
  return { live: [...live.values()], leased: await leased(layout, new Set(volumes)) };
}

async function leased(layout: Layout, volumes: ReadonlySet<string>): Promise<readonly Holder[]> {
  try {
    await using server = await layout.meta.open("server");
    await using leases = await server.open("leases");
    const found = new Map<string, Holder>();
    for (const file of await leases.names()) {
      const [, volume = "", nodeId = ""] = /^([^@]+)@([0-9a-f-]{36})\.json$/.exec(file) ?? [];
      if (!volumes.has(volume)) continue;
      const text = (await leases.read(file))?.text ?? "";
      found.set(nodeId, { nodeId, node: /"node":\s*"([^"]+)"/.exec(text)?.[1] ?? nodeId });
    }
    return [...found.values()];
  } catch (error) {
    if (isTrouble(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
