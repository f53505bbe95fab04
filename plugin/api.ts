import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import * as z from "zod";
import type { Log } from "../service/log.ts";
import { UserError } from "../service/user-error.ts";
import { Call } from "./call.ts";
import type { Driver } from "./driver.ts";
import { Unanswerable } from "./unanswerable.ts";
import { messageOf } from "../service/message-of.ts";

/** What Docker asks for and what everyone else sends back. */
const mediaType = "application/vnd.docker.plugins.v1.2+json";
/** No request of Docker's comes near it. */
const bodyLimit = "1mb";

const named = z.object({ Name: z.string() });
const mounting = z.object({ Name: z.string(), ID: z.string().min(1) });
const creating = z.object({ Name: z.string(), Opts: z.record(z.string(), z.string()).nullish() });

/** When a request came in, on `performance.now()`'s clock. */
export type Arrivals = WeakMap<object, number>;

/**
 * Docker's volume plugin protocol, version 1: `POST /VolumeDriver.<Verb>`, JSON without a Content-Type. Errors that are
 * meant for people are answered 200 with `Err`, which Docker shows word for word; a failure of ours is a 500.
 *
 * A retried request comes with an empty body (Docker sends the drained buffer again): for every verb that needs a name
 * that is an error, or a volume called "undefined" would be mounted.
 *
 * `ours` answers verbs beside Docker's.
 */
export function createApi(driver: Driver, ours: Router, arrivals: Arrivals, log: Log): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(express.text({ type: () => true, limit: bodyLimit }));
  // Found by name instead of by trying route after route: Docker asks a lot, and a sixth of a Get is saved by it.
  const verbs = new Map<string, RequestHandler>();
  app.use((request, response, next) => {
    const answer = request.method === "POST" ? verbs.get(request.url) : undefined;
    return answer === undefined ? next() : answer(request, response, next);
  });

  verb("Plugin.Activate", z.unknown(), async () => ({ Implements: ["VolumeDriver"] }));
  verb("VolumeDriver.Capabilities", z.unknown(), async () => ({
    Capabilities: { Scope: "global" },
  }));
  verb("VolumeDriver.List", z.unknown(), async () => ({ Volumes: driver.list() }));
  verb("VolumeDriver.Create", creating, async ({ Name, Opts }, call) => {
    await call.within(driver.create(Name, Opts ?? null), slow);
    return {};
  });
  verb("VolumeDriver.Get", named, async ({ Name }) => {
    const volume = await driver.get(Name);
    if (volume === null)
      throw new UserError("not-found", `no such volume: ${JSON.stringify(Name)}`);
    return { Volume: volume };
  });
  verb("VolumeDriver.Path", named, async ({ Name }) => ({ Mountpoint: await driver.path(Name) }));
  verb("VolumeDriver.Mount", mounting, async ({ Name, ID }, call) => ({
    Mountpoint: await driver.mount(Name, ID, call),
  }));
  verb("VolumeDriver.Unmount", mounting, async ({ Name, ID }) => {
    await driver.unmount(Name, ID);
    return {};
  });
  verb("VolumeDriver.Remove", named, async ({ Name }, call) => {
    await call.within(driver.remove(Name, call), slow);
    return {};
  });
  app.use(ours);

  function verb<T>(
    name: string,
    schema: z.ZodType<T>,
    answer: (request: T, call: Call) => Promise<object>,
  ): void {
    verbs.set(`/${name}`, async (request, response) => {
      const call = new Call(arrivals.get(request) ?? performance.now());
      // While the plugin was still loading nobody listened for the end of the connection.
      if (request.socket.destroyed) call.hangUp();
      response.on("close", () => {
        if (!response.writableFinished) call.hangUp();
      });
      const body = json(request.body);
      const parsed = schema.safeParse(body);
      if (!parsed.success)
        throw body === undefined ? repeated() : misunderstood(name, parsed.error);
      const started = performance.now();
      const result = await answer(parsed.data, call);
      log.trace({ verb: name, ms: Math.round(performance.now() - started) }, "answered");
      const text = JSON.stringify(result);
      response.writeHead(200, {
        "Content-Type": mediaType,
        "Content-Length": Buffer.byteLength(text),
      });
      response.end(text);
    });
  }

  app.use((request, response) => {
    response
      .status(404)
      .type(mediaType)
      .send(JSON.stringify({ Err: `swarmnfs: no such verb: ${request.path}` }));
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const isOurs = !(error instanceof UserError || error instanceof Unanswerable);
    const status = isOurs ? refusedStatus(error) : 200;
    if (isOurs && status === null) log.error({ path: request.path, err: error }, "failed");
    if (error instanceof Unanswerable || isRiskyGet(request.path, error)) {
      log.warn({ path: request.path, err: error }, "not answered");
      request.socket.destroy();
      return;
    }
    response.type(mediaType);
    if (error instanceof UserError) {
      log.warn({ path: request.path, code: error.code }, error.message);
      response.send(JSON.stringify({ Err: `swarmnfs: ${error.message}` }));
      return;
    }
    if (status !== null) {
      const reason = error instanceof Error ? error.message : "it is not HTTP";
      response.status(status);
      response.send(JSON.stringify({ Err: `swarmnfs: the request cannot be read: ${reason}` }));
      return;
    }
    const text = messageOf(error);
    response
      .status(500)
      .send(JSON.stringify({ Err: `swarmnfs: an error of ours: ${text}. Please report it` }));
  });
  return app;
}

function slow(): UserError {
  return new UserError(
    "unavailable",
    "the storage did not answer in time. It may still do what was asked; try again. See: swarmnfs doctor",
  );
}

/** An empty body where one is needed. */
function repeated(): UserError {
  return new UserError(
    "invalid",
    "Docker repeated its request without its content, as it does when the plugin was restarted in the middle of it. Try again",
  );
}

function misunderstood(verb: string, error: z.ZodError): UserError {
  return new UserError("invalid", `${verb} needs ${z.prettifyError(error)}`);
}

/**
 * Whether an answer would do harm: Docker takes every answer to Get but a volume for "no such volume", and forgets the
 * volume's labels and options. So nothing but that is ever said to Get in words.
 */
function isRiskyGet(path: string, error: unknown): boolean {
  return (
    path === "/VolumeDriver.Get" && !(error instanceof UserError && error.code === "not-found")
  );
}

/** The status that express gave a request it could not read, as one that is too large; null for anything else. */
function refusedStatus(error: unknown): number | null {
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number")
    return null;
  return error.status >= 400 && error.status < 500 ? error.status : null;
}

/** The body as JSON, or undefined where it is empty: the verb's schema says what it needs. */
function json(body: unknown): unknown {
  if (typeof body !== "string" || body.trim() === "") return undefined;
  try {
    return JSON.parse(body, refuseProto) as unknown;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError("invalid", "the request is not JSON");
  }
}

/** A key that objects treat unlike all others, and that would silently be lost. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new UserError("invalid", `unknown option "__proto__"`);
  return value;
}
