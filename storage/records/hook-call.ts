import * as z from "zod";
import { nameSchema, timeSchema } from "./fields.ts";

/**
 * The backup service asks all nodes to do what containers ask for around a backup by their labels,
 * `<root>/.swarmnfs/hooks/<id>/called.json`; beside it lies the answer of each node, by its id. It is written anew every half
 * minute as long as it holds. It names volumes, never a command: those come from the labels of a node's own containers.
 */
export const hookCallSchema = z.looseObject({
  schema: z.literal(1),
  id: z.uuid(),
  app: nameSchema,
  volumes: z.array(nameSchema).min(1).max(1000),
  phase: z.enum(["pre", "post"]),
  /** The engine whose containers the service sees to by itself; null: it has none. */
  engine: z.string().max(200).nullable(),
  /** Where the service runs. */
  node: z.string().max(253),
  calledAt: timeSchema,
});
export type HookCall = z.infer<typeof hookCallSchema>;

const holderSchema = z.object({ node: z.string().max(253), nodeId: z.uuid() });
/** A node that has a volume mounted. */
export type Holder = z.infer<typeof holderSchema>;

export const hookAnswerSchema = z.looseObject({
  schema: z.literal(1),
  node: z.string().max(253),
  nodeId: z.uuid(),
  /** Tells one life of its plugin from the next. */
  life: z.uuid(),
  /**
   * `nothing`: none of its containers asks for anything. `begun`: they are being brought into that state; `ready`: they are;
   * `over`: they are as before.
   */
  state: z.enum(["nothing", "begun", "ready", "over"]),
  /** Whether all was done that was asked for, so far. */
  consistent: z.boolean(),
  /** What was not, in words for people. */
  notes: z.array(z.string().max(2000)).max(100),
  /** Of a server of ours, which answers too: who has these volumes from it. */
  holders: z.array(holderSchema).max(10_000).optional(),
});
export type HookAnswer = z.infer<typeof hookAnswerSchema>;

/** … and how long ago it was written, milliseconds by the storage's clock: a node that is at it writes it every half minute. */
export type GivenHookAnswer = HookAnswer & { readonly ageMs: number };

/** Milliseconds after which a call that was not written anew means nothing any more: the service is gone. */
export const hookCallMs = 180_000;
/** How often both sides write theirs anew. */
export const hookSignMs = 30_000;
/** Milliseconds that a container is paused or stopped at most for a call, whatever becomes of it. */
export const longestHaltMs = 60 * 60_000;
