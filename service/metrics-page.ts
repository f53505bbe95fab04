import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { formatListenPlace, type ListenPlace } from "./listen-place.ts";
import type { Log } from "./log.ts";
import { messageOf } from "./message-of.ts";

/** Prometheus' text format. */
const type = "text/plain; version=0.0.4; charset=utf-8";
/** Before another try, milliseconds: the port may be another program's, the address not there yet. */
const usualAgainMs = 10_000;
/** Below the 10 s after which Prometheus gives up by itself. */
const requestMs = 8_000;
/** More than all who scrape and look; whoever holds connections open keeps no descriptor from us. */
const mostConnections = 32;

/**
 * `/metrics` by plain HTTP, for Prometheus. That it cannot listen never keeps anything else from working: it is told once,
 * and tried again until `signal` aborts. Settles when it listens no more. `text` is asked once for all who ask at a time.
 */
export async function serveMetrics(
  place: ListenPlace,
  text: () => Promise<string>,
  log: Log,
  signal: AbortSignal,
  againMs = usualAgainMs,
): Promise<void> {
  const where = formatListenPlace(place);
  let told = false;
  while (!signal.aborted) {
    try {
      await listen(place, pageOf(text, log), signal, () => {
        log.info({ listen: where }, "/metrics is served");
        told = false;
      });
    } catch (error) {
      if (!told)
        log.warn(
          { listen: where, reason: messageOf(error) },
          "/metrics cannot be served; it is tried again",
        );
      told = true;
      await delay(againMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

/** Rejects when it cannot listen, or not any more; settles when the signal aborts. */
async function listen(
  { address, port }: ListenPlace,
  page: Server,
  signal: AbortSignal,
  listening: () => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  page.maxConnections = mostConnections;
  page.once("error", reject);
  page.once("close", resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  // Whatever else the process does decides when it ends.
  page.listen(port, address, listening).unref();
  try {
    await promise;
  } finally {
    page.close();
    page.closeAllConnections();
  }
}

function pageOf(text: () => Promise<string>, log: Log): Server {
  let asked: Promise<string> | null = null;
  const shared = (): Promise<string> => (asked ??= text().finally(() => (asked = null)));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end("There is /metrics here.\n");
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const body = await shared();
    response.writeHead(200, { "content-type": type }).end(body);
  };
  const timeouts = {
    requestTimeout: requestMs,
    headersTimeout: requestMs,
    keepAliveTimeout: 60_000,
  };
  return createServer({ ...timeouts, maxHeaderSize: 8192 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ err: error }, "/metrics could not be made");
      response.writeHead(500).end();
    });
  });
}
