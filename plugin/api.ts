import express, {
  type Express,
  type NextFunction,
  type Request,
  type Response,
  type Router,
} from "express";
import * as z from "zod";
import type { Log } from "../service/log.ts";
import { UserError } from "../service/user-error.ts";
import { Call } from "./call.ts";
import type { Driver } from "./driver.ts";
import { Unanswerable } from "./unanswerable.ts";

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
  app.use(ours);

  verb("Plugin.Activate", z.unknown(), async () => ({ Implements: ["VolumeDriver"] }));
  verb("VolumeDriver.Capabilities", z.unknown(), async () => ({
    Capabilities: { Scope: "global" },
  }));
  verb("VolumeDriver.List", z.unknown(), async () => ({ Volumes: driver.list() }));
  verb("VolumeDriver.Create", creating, async ({ Name, Opts }) => {
    await driver.create(Name, Opts ?? null);
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
  verb("VolumeDriver.Remove", named, async ({ Name }) => {
    await driver.remove(Name);
    return {};
  });

  function verb<T>(
    name: string,
    schema: z.ZodType<T>,
    answer: (request: T, call: Call) => Promise<object>,
  ): void {
    app.post(`/${name}`, async (request, response) => {
      const call = new Call(arrivals.get(request) ?? performance.now());
      response.on("close", () => {
        if (!response.writableFinished) call.hangUp();
      });
      const parsed = schema.safeParse(json(request.body));
      if (!parsed.success)
        throw new UserError("invalid", `${name} needs ${z.prettifyError(parsed.error)}`);
      const started = performance.now();
      const result = await answer(parsed.data, call);
      log.trace({ verb: name, ms: Math.round(performance.now() - started) }, "answered");
      response.type(mediaType).send(JSON.stringify(result));
    });
  }

  app.use((request, response) => {
    response
      .status(404)
      .type(mediaType)
      .send(JSON.stringify({ Err: `swarmnfs: no such verb: ${request.path}` }));
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    if (error instanceof Unanswerable) {
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
    log.error({ path: request.path, err: error }, "failed");
    const text = error instanceof Error ? error.message : String(error);
    response
      .status(500)
      .send(JSON.stringify({ Err: `swarmnfs: an error of ours: ${text}. Please report it` }));
  });
  return app;
}

/** The body as JSON, or undefined: an empty or broken body is nothing, and the verb's schema says what it needs. */
function json(body: unknown): unknown {
  if (typeof body !== "string" || body.trim() === "") return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new UserError("invalid", "the request is not JSON");
  }
}
