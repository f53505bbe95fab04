import type * as z from "zod";
import { bounded } from "../../service/bounded.ts";
import { UserError } from "../../service/user-error.ts";
import { answerMs, type Route } from "../../storage/swarmnfs/protocol/route.ts";
import type { RouteName } from "../../storage/swarmnfs/protocol/routes.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import type { Operations } from "./operation.ts";

/** A request, understood. */
export interface Understood {
  readonly node: LiveNode;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Does what a route is for, in its time. `hangUp`: nobody waits for the answer any more. */
export async function answer(
  operations: Operations,
  name: RouteName,
  route: Route,
  given: Understood,
  hangUp: AbortSignal,
): Promise<unknown> {
  const late = new AbortController();
  const operation = operations[name] as (call: object) => Promise<unknown>;
  const work = async (): Promise<unknown> =>
    operation.call(operations, { ...given, signal: AbortSignal.any([hangUp, late.signal]) });
  const limit = limitOf(route, given.body);
  return bounded(work(), limit, () => {
    late.abort();
    return new UserError(
      "unavailable",
      `the storage server has not done it within ${Math.round(limit / 1000)} s: its data disk may hang. What was asked for may still happen. Look again before asking twice`,
    );
  });
}

/** Throws what is wrong with an answer of ours. */
export function checkAnswer(name: RouteName, schema: z.ZodType, given: unknown): void {
  // As it arrives: what JSON leaves out is not there.
  const parsed = schema.safeParse(JSON.parse(JSON.stringify(given ?? {})));
  if (!parsed.success)
    throw new Error(`the answer of ${name} is not what its route says: ${parsed.error.message}`);
}

/** How long the answer may take, milliseconds. */
export function limitOf({ withinMs, longPoll }: Route, body: unknown): number {
  const limit = withinMs ?? answerMs;
  const waits = longPoll === true && typeof body === "object" && body !== null && "waitMs" in body;
  return waits ? limit + Number(body.waitMs) : limit;
}
