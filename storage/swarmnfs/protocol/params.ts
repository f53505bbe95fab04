import type { RouteName, Routes } from "./routes.ts";

/** `name` in "/v1/volumes/:name". */
type ParamsIn<Path extends string> = Path extends `${string}/:${infer Param}/${infer Rest}`
  ? Param | ParamsIn<`/${Rest}`>
  : Path extends `${string}/:${infer Param}`
    ? Param
    : never;

/** The parameters in a route's path, not encoded; none may be empty. */
export type ParamsOf<Name extends RouteName> = {
  readonly [Param in ParamsIn<Routes[Name]["path"]>]: string;
};
