import type * as z from "zod";
import type { Role } from "./node.ts";

/** One thing that the control API can do. Server, client, OpenAPI document and fuzzing are all made from it. */
export interface Route<Body extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType> {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** `/v1/volumes/:name`; every parameter is one path segment. */
  readonly path: string;
  readonly summary: string;
  /** Who may: certificates of these roles (admin may everything), or anybody. */
  readonly who: readonly Role[] | "anyone";
  /** What is sent; `z.undefined()` for GET and DELETE. */
  readonly body: Body;
  readonly answer: Answer;
}

/** The same, with its types kept. */
export function route<Body extends z.ZodType, Answer extends z.ZodType>(
  given: Route<Body, Answer>,
): Route<Body, Answer> {
  return given;
}
