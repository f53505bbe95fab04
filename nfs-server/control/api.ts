import express, { type Express, type NextFunction, type Request, type Response } from "express";
import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import { isWrite, type Route } from "../../storage/swarmnfs/protocol/route.ts";
import { routes, type RouteName } from "../../storage/swarmnfs/protocol/routes.ts";
import { type LiveNode, stranger } from "../nodes/live-node.ts";
import { answer, checkAnswer, limitOf, type Understood } from "./answering.ts";
import type { Door } from "./door.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { Observations } from "./observations.ts";
import type { Operations } from "./operation.ts";
import { failure, failureOf } from "./problem.ts";
import { publicPages } from "./public-pages.ts";
import type { Replays } from "./replays.ts";
import { type Reply, replyTo, replyWith, send } from "./reply.ts";
import { readBody, readParams, refuseQuery } from "./request.ts";

export interface ControlWorld {
  readonly door: Door;
  /** Shared by all doors. */
  readonly gatekeeper: Gatekeeper;
  /** Shared by all doors. */
  readonly replays: Replays;
  readonly observations: Observations;
  readonly log: Log;
  /** Holds every answer against its schema; for tests. */
  readonly checkAnswers?: boolean;
}

/**
 * The control API, made from its routes: says who may what, checks everything that comes in, and answers in problems
 * (RFC 9457) what went wrong. Every write is an audit line.
 */
export function createControlApi(operations: Operations, world: ControlWorld): Express {
  const { door, gatekeeper, replays, observations, log, checkAnswers = false } = world;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  app.enable("case sensitive routing");
  app.enable("strict routing");

  app.use((request, _response, next) => {
    const caller = door.caller(request.socket);
    if (caller !== null && caller.node === null) gatekeeper.stranger(caller.address);
    refuseQuery(request);
    next();
  });
  app.use(publicPages(door, observations, log));
  for (const [name, route] of Object.entries<Route>(routes)) {
    const path = app.route(route.path);
    const method = route.method.toLowerCase() as Lowercase<Route["method"]>;
    path[method]((request, response) => handle(name as RouteName, route, request, response));
  }
  app.use((request, response) => {
    enter(request, null);
    send(response, replyWith(noSuchRoute(request)));
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    send(response, refused(error, request.path));
  });
  return app;

  async function handle(
    name: RouteName,
    route: Route,
    request: Request,
    response: Response,
  ): Promise<void> {
    const hangUp = new AbortController();
    response.on("close", () => hangUp.abort());
    const leave = route.longPoll === true ? beginPoll(request) : null;
    try {
      const node = enter(request, route);
      checkRole(node, route);
      const params = readParams(request.params);
      const body = await readBody(request, route);
      const given = { node, params, body };
      // Where nothing moves for a minute, the listener gives a connection up; here that is to be expected.
      request.socket.setTimeout(limitOf(route, body) + 5000);
      const key = request.get("idempotency-key");
      send(
        response,
        key === undefined || !isWrite(route)
          ? await reply(name, route, given, hangUp.signal)
          : await replayed(key, name, route, given),
      );
    } finally {
      leave?.();
    }
  }

  function beginPoll(request: Request): (() => void) | null {
    const caller = door.caller(request.socket);
    return caller?.node == null ? null : gatekeeper.poll(caller.node);
  }

  /** Who it is. Throws when it is nobody, or comes too often. */
  function enter(request: Request, route: Route | null): LiveNode {
    const caller = door.caller(request.socket);
    if (route?.who === "anyone" && caller !== null) return stranger(caller.address);
    if (caller?.node == null) return door.authenticate(request.socket);
    if (route?.longPoll !== true) gatekeeper.node(caller.node);
    try {
      return door.authenticate(request.socket);
    } catch (error) {
      gatekeeper.wasStranger(caller.node);
      throw error;
    }
  }

  /** Others may wait for the same answer: it is made whether or not this caller hangs up. */
  function replayed(key: string, name: RouteName, route: Route, given: Understood): Promise<Reply> {
    const text = JSON.stringify([name, given.params, given.body]);
    const never = new AbortController().signal;
    return replays.once(given.node.id, key, text, () => reply(name, route, given, never));
  }

  async function reply(
    name: RouteName,
    route: Route,
    given: Understood,
    signal: AbortSignal,
  ): Promise<Reply> {
    const started = performance.now();
    let code = "ok";
    try {
      const result = await answer(operations, name, route, given, signal);
      if (checkAnswers) checkAnswer(name, route.answer, result);
      return replyTo(result);
    } catch (error) {
      // Whoever hung up hears nothing, and what stopped for it is no mistake.
      if (!signal.aborted || error instanceof UserError) {
        const failed = refused(error, name);
        code = failureOf(error).problem.code;
        return failed;
      }
      code = "hung-up";
      return replyWith(failure("unavailable", "nobody waits for the answer any more"));
    } finally {
      if (isWrite(route)) audit(name, given, code, started);
    }
  }

  function audit(name: RouteName, { node, params }: Understood, code: string, started: number) {
    const { id: nodeId, name: who, address } = node;
    const ms = Math.round(performance.now() - started);
    log.info(
      { audit: "call", call: name, node: who, nodeId, address, ...params, code, ms },
      "asked",
    );
  }

  function refused(error: unknown, what: string): Reply {
    const failed = failureOf(error);
    if (failed.problem.code === "internal") log.error({ what, err: error }, "failed");
    else log.debug({ what, code: failed.problem.code }, failed.problem.detail);
    return replyWith(failed);
  }
}

function checkRole(node: LiveNode, { who, method, path }: Route): void {
  if (who === "anyone" || node.role === "admin" || who.includes(node.role)) return;
  throw new UserError(
    "denied",
    `node "${node.name}" may not do that (${method} ${path}): it is for ${who.map((role) => (role === "admin" ? "administrators" : `role "${role}"`)).join(", ")}. Do it on the storage node (swarmnfs, in the server's container), or name the node in SWARMNFS_ADMIN_NODES there`,
  );
}

function noSuchRoute({ method, path }: Request) {
  return failure(
    "unsupported",
    `this storage server knows no ${method} ${path.slice(0, 200)}. It may be of another release than who asks: see /v1/openapi.json`,
    null,
    404,
  );
}
