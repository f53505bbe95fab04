import { createServer, type Server } from "node:http";
import type { Log } from "../service/log.ts";
import type { BackupView } from "../storage/backup/verbs.ts";
import { metricsText } from "./metrics.ts";
import type { Traffic } from "./repository/http/traffic.ts";

/**
 * `/health` says that the process is alive and answers, and nothing of the servers out there: an orchestrator that kills us in
 * an outage helps nobody. How the backups are is in its `state`, and in `/metrics`.
 */
export function createPages(
  view: () => Promise<BackupView>,
  traffic: Pick<Traffic, "counts">,
  log: Log,
): Server {
  const answer = async (url: string): Promise<{ type: string; text: string } | null> => {
    if (url === "/health") return { type: "application/json", text: healthOf(await view()) };
    if (url === "/metrics")
      return {
        type: "text/plain; version=0.0.4",
        text: await metricsText(await view(), traffic.counts),
      };
    return null;
  };
  return createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request.url?.split("?")[0] ?? "").then(
      (found) => {
        response.writeHead(found === null ? 404 : 200, {
          "content-type": found?.type ?? "text/plain",
        });
        return response.end(found?.text ?? "There are /health and /metrics here.\n");
      },
      (error: unknown) => {
        log.error({ err: error }, "a page could not be made");
        response.writeHead(500).end();
      },
    );
  });
}

function healthOf({ version, trouble, apps }: BackupView): string {
  const needing = apps.filter(({ state }) => !["ok", "running", "off", "never"].includes(state));
  const state = trouble === null && needing.length === 0 ? "ok" : "degraded";
  const reasons = [
    ...(trouble === null ? [] : [trouble]),
    ...needing.map(({ app, state: word, reason }) => `${app}: ${reason ?? word}`),
  ];
  return `${JSON.stringify({ alive: true, state, version, reasons })}\n`;
}
