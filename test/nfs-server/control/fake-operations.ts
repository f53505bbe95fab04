import * as fc from "fast-check";
import * as z from "zod";
import type { Operations } from "../../../nfs-server/control/operation.ts";
import type { Route } from "../../../storage/swarmnfs/protocol/route.ts";
import { routes, type RouteName } from "../../../storage/swarmnfs/protocol/routes.ts";
import { arbitraryOf } from "./arbitrary.ts";

/** One call as an operation sees it. */
export interface Seen {
  readonly name: RouteName;
  readonly node: { readonly id: string; readonly name: string; readonly address: string };
  readonly params: object;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** Operations that answer something their routes allow, unless `given` says otherwise; `seen` is told of each call. */
export function fakeOperations(
  given: Partial<Operations> = {},
  seen: (call: Seen) => void = () => undefined,
): Operations {
  const made = Object.entries<Route>(routes).map(([name, route]) => {
    const answers = arbitraryOf(z.toJSONSchema(route.answer, { io: "output" })).filter(
      // A JSON schema does not say all that ours does: no key "__proto__", for one.
      (answer) => route.answer.safeParse(JSON.parse(JSON.stringify(answer))).success,
    );
    const usual = () => Promise.resolve(fc.sample(answers, 1)[0]);
    const special = given[name as RouteName] as ((call: object) => Promise<unknown>) | undefined;
    return [
      name,
      async (call: Omit<Seen, "name">) => {
        seen({ name: name as RouteName, ...call });
        return special === undefined ? usual() : special(call);
      },
    ];
  });
  return Object.fromEntries(made) as Operations;
}
