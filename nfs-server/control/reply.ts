import type { ServerResponse } from "node:http";
import type { Failure } from "./problem.ts";

/** An answer as it goes out. */
export interface Reply {
  readonly status: number;
  /** JSON, unless `type` says otherwise. */
  readonly text: string;
  readonly type?: string;
  readonly retryAfterS?: number | null;
}

export function replyTo(answer: unknown, status = 200): Reply {
  return { status, text: JSON.stringify(answer ?? {}) };
}

export function replyWith({ problem, retryAfterS }: Failure): Reply {
  const { status } = problem;
  return { status, text: JSON.stringify(problem), type: "application/problem+json", retryAfterS };
}

/** Sends it, if anybody still listens. A request that was not read to its end ends the connection. */
export function send(response: ServerResponse, { status, text, type, retryAfterS }: Reply): void {
  if (response.destroyed || response.headersSent) return;
  const isRead = response.req.complete || response.req.readableEnded;
  response.writeHead(status, {
    "Content-Type": type ?? "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    ...(retryAfterS === null || retryAfterS === undefined ? {} : { "Retry-After": retryAfterS }),
    ...(isRead ? {} : { Connection: "close" }),
  });
  response.end(text);
}
