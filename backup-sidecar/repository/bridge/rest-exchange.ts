import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { readAll } from "../../../service/read-all.ts";
import { RemoteFailure } from "../failure.ts";
import type { ByteRange } from "../remote.ts";
import type { Opened } from "../webdav/webdav-remote.ts";

/** Gives a file or a part of it to restic, which wants to know before how much comes. */
export async function give(
  { stream, size }: Opened,
  status: number,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(status, {
    "content-type": "application/octet-stream",
    ...(size === null ? {} : { "content-length": size }),
  });
  await pipeline(stream, response);
}

/** The part that restic asks for. */
export function rangeOf(request: IncomingMessage): ByteRange | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  if (match === null) return undefined;
  return { start: Number(match[1]), ...(match[2] === "" ? {} : { end: Number(match[2]) }) };
}

/** All of a small body. */
export function body(request: IncomingMessage, limit: number): Promise<Buffer> {
  return readAll(
    request,
    limit,
    () => new RemoteFailure("forbidden", "That is no configuration of a repository"),
  );
}
