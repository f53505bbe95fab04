import { type Request, type Response, Router } from "express";
import type { Log } from "../../service/log.ts";
import type { Door } from "./door.ts";
import type { Observations } from "./observations.ts";
import { describeApi } from "./openapi.ts";
import { replyTo, send } from "./reply.ts";

const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * What anyone may look at: whether the server is well, and what the control API is. All that it knows of its health, and
 * its metrics, name volumes and nodes: they are for those with a certificate, and for the socket in the container.
 */
export function publicPages(door: Door, observations: Observations, log: Log): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const description = JSON.stringify(describeApi(), null, 2);

  router.get("/v1/openapi.json", (_, response) => {
    send(response, { status: 200, text: description });
  });

  router.get("/health", (request, response) => showHealth(request, response));
  router.get("/metrics", (request, response) => showMetrics(request, response));
  return router;

  async function showHealth(request: Request, response: Response): Promise<void> {
    const health = await observations.health();
    const shown = isKnown(request.socket) ? health : { state: health.state };
    send(response, replyTo(shown, health.state === "failed" ? 503 : 200));
  }

  async function showMetrics(request: Request, response: Response): Promise<void> {
    const text = isKnown(request.socket)
      ? await observations.metrics()
      : `# TYPE swarmnfs_server_up gauge\nswarmnfs_server_up ${(await observations.health()).state === "failed" ? 0 : 1}\n`;
    send(response, { status: 200, text, type: metricsType });
  }

  function isKnown(socket: Parameters<Door["authenticate"]>[0]): boolean {
    if (door.caller(socket)?.node === null) return false;
    try {
      door.authenticate(socket);
      return true;
    } catch (error) {
      log.debug({ err: error }, "shown as to a stranger");
      return false;
    }
  }
}
