import type { ParamsOf } from "../../storage/swarmnfs/protocol/params.ts";
import type { AnswerOf, BodyOf, RouteName } from "../../storage/swarmnfs/protocol/routes.ts";
import type { LiveNode } from "../nodes/live-node.ts";

/** One request, after everything that can be checked without knowing what it is about: who, whether they may, its form. */
export interface Call<Name extends RouteName> {
  /** For the route that anyone may ask (`enrol`): nobody yet, but its `address` is the caller's. */
  readonly node: LiveNode;
  /** Decoded, and of the form that `paramSchemas` wants. */
  readonly params: ParamsOf<Name>;
  readonly body: BodyOf<Name>;
  /** Aborted when the caller hangs up or the request took too long: long polls end then. */
  readonly signal: AbortSignal;
}

/** May throw `UserError`: its code and message are what the caller sees. Anything else is our fault, and hidden. */
export type Operation<Name extends RouteName> = (call: Call<Name>) => Promise<AnswerOf<Name>>;

/** What answers each route. */
export type Operations = { readonly [Name in RouteName]: Operation<Name> };
