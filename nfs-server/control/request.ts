import type { Request } from "express";
import * as z from "zod";
import { UserError } from "../../service/user-error.ts";
import { paramSchemas, type Route } from "../../storage/swarmnfs/protocol/route.ts";

/** Bytes. What strangers may send is small: a token and a request for a certificate. */
const limits = { anyone: 32_768, known: 1_048_576 };

/** A request that cannot be read; express gives its own errors a status in the same way. */
class Unreadable extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body as the route wants it. Throws `invalid`, or an error with a status for one that cannot be read. */
export async function readBody(request: Request, route: Route): Promise<unknown> {
  const text = await readText(request, limits[route.who === "anyone" ? "anyone" : "known"]);
  if (route.body instanceof z.ZodUndefined) {
    if (text === "") return undefined;
    throw new UserError("invalid", "the request is wrong: no body is expected");
  }
  if (text !== "" && !isJson(request))
    throw new Unreadable(415, "Content-Type: application/json is expected, not compressed");
  const parsed = route.body.safeParse(text === "" ? {} : json(text));
  if (parsed.success) return parsed.data;
  throw new UserError("invalid", `the request is wrong: ${oneLine(parsed.error)}`);
}

/** The parameters of the path. Throws `invalid`. */
export function readParams(params: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const parsed = paramSchemas[name as keyof typeof paramSchemas].safeParse(value);
      if (parsed.success) return [name, parsed.data];
      throw new UserError(
        "invalid",
        `${JSON.stringify(value)} is not the ${name === "id" ? "id" : "name"} of anything`,
      );
    }),
  );
}

/** No route of ours has a query: whoever sends one means something that would not happen. */
export function refuseQuery(request: Request): void {
  const at = request.url.indexOf("?");
  if (at >= 0)
    throw new UserError(
      "invalid",
      `nothing is expected behind the path: ${JSON.stringify(request.url.slice(at))}`,
    );
}

/** Nothing more than `limit` bytes is waited for, whatever is announced. */
function readText(request: Request, limit: number): Promise<string> {
  const tooLong = (): Unreadable =>
    new Unreadable(413, `more than ${limit} bytes are never needed here`);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  if (Number(request.headers["content-length"] ?? 0) > limit) reject(tooLong());
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else reject(tooLong());
  });
  request.on("end", () => resolve(Buffer.concat(chunks).toString()));
  // Nobody hears the answer then.
  request.on("error", reject);
  request.on("close", () => reject(new Unreadable(400, "it was broken off")));
  return promise;
}

/** What is small outside must not be large inside, and so nothing is decompressed. */
function isJson(request: Request): boolean {
  const encoding = request.headers["content-encoding"] ?? "identity";
  return request.is("application/json") !== false && encoding === "identity";
}

function json(text: string): unknown {
  try {
    return JSON.parse(text, refuseProto) as unknown;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError("invalid", "the request is wrong: it is not JSON");
  }
}

/** A key that objects treat unlike all others, and that would silently be lost. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === "__proto__")
    throw new UserError("invalid", 'the request is wrong: "__proto__" is no key');
  return value;
}

function oneLine(error: z.ZodError): string {
  return z.prettifyError(error).replaceAll(/\s+/g, " ");
}
