import * as z from "zod";
import { nameSchema } from "../../records/fields.ts";
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
  /** It changes nothing, though it is a POST. */
  readonly reads?: true;
  /** It waits for something to happen: it counts against no rate, and ends when the caller hangs up. */
  readonly longPoll?: true;
  /** How long an answer may take, milliseconds; {@link answerMs} where it is not said. A long poll: beyond what it waits. */
  readonly withinMs?: number;
}

/** How long the server may take to answer, milliseconds: a little more than a node's own patience. */
export const answerMs = 30_000;

/** What a path's parameters must look like, by their names. */
export const paramSchemas = { name: nameSchema, id: z.uuid() } as const;

/** The same, with its types kept. */
export function route<const Path extends string, Body extends z.ZodType, Answer extends z.ZodType>(
  given: Route<Body, Answer> & { readonly path: Path },
): Route<Body, Answer> & { readonly path: Path } {
  return given;
}

/** Whether it changes something of the storage, so that doing it twice matters. */
export function isWrite({ method, reads, longPoll, who }: Route): boolean {
  return method !== "GET" && reads !== true && longPoll !== true && who !== "anyone";
}
