import { hostname } from "node:os";
import { type Clock, systemClock } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { channelsOf } from "../../service/notifier/telling.ts";
import { repeat } from "../../service/repeat.ts";
import { version } from "../../service/version.ts";
import { useExpiryMs } from "../../storage/records/use.ts";
import { ReportSender } from "../../storage/report/report-sender.ts";
import { type Report, reportOf, usualSinceMs, usualUnusedMs } from "../../storage/report/report.ts";
import { statusOf } from "../../storage/rules/volume-status.ts";
import type { Storage } from "../../storage/storage.ts";
import type { VolumeView } from "../../storage/verbs.ts";
import type { Policy } from "../policy/policy.ts";
import type { Server } from "../server.ts";
import type { ServerSettings } from "../settings.ts";

export interface ReportingWorld {
  readonly settings: Pick<ServerSettings, "notify" | "report" | "serverName">;
  readonly policy: Pick<Policy, "static">;
  readonly storage: Storage;
  readonly server: Pick<Server, "id" | "leases">;
  readonly clock?: Clock;
  readonly log: Log;
}

const everyMs = 60_000;

/** Sends people a report when it is due, until the signal aborts. Where none is wanted nothing happens. */
export function beginReporting(
  world: ReportingWorld,
  signal: AbortSignal,
  roundEveryMs = everyMs,
): void {
  const { settings, storage, server, clock = systemClock, log } = world;
  const { report: schedule, notify } = settings;
  const name = settings.serverName ?? hostname();
  if (schedule === null) return;
  const sender = new ReportSender({
    schedule,
    storage: {
      reportTurn: () => storage.reportTurn?.() ?? Promise.resolve(null),
      putReportTurn: (turn) => storage.putReportTurn?.(turn) ?? Promise.resolve(false),
    },
    // One that is set up anew on the same disk goes on where this one was.
    by: { id: server.id, name },
    channels: channelsOf(notify),
    report: () => reportOfServer(world, clock.now()),
    from: `storage node ${name}`,
    clock,
    log,
  });
  const failed = (error: unknown): void =>
    log.warn({ reason: messageOf(error) }, "a report could not be made; it is tried again");
  void repeat(roundEveryMs, () => sender.round(), signal, failed);
}

/** How it stands, from the data disk and the leases: who is at the services and containers that want volumes only nodes know. */
async function reportOfServer(world: ReportingWorld, now: number): Promise<Report> {
  const { settings, storage, policy } = world;
  const name = settings.serverName ?? hostname();
  const since = now - usualSinceMs;
  const review = await storage.review(new Date(since).toISOString());
  const [catalog, trash, health] = [
    await storage.list(),
    await storage.trash(),
    await storage.health(),
  ];
  const wanted = policy.static.map(({ volume }) => [volume, ["a host without a plugin"]] as const);
  return reportOf({
    status: {
      storage: `swarmnfs://${name}`,
      node: "the storage node",
      version,
      health,
      trouble: storage.trouble ?? null,
      damaged: catalog.damaged,
    },
    volumes: views(world, catalog, health, now),
    trash,
    review: {
      ...review,
      lastUse: catalog.lastUse,
      wanted: { scope: "none", by: Object.fromEntries(wanted) },
      labels: {},
      slow: [],
    },
    since,
    now,
    unusedMs: usualUnusedMs,
  });
}

function views(
  { server }: ReportingWorld,
  catalog: Awaited<ReturnType<Storage["list"]>>,
  health: Awaited<ReturnType<Storage["health"]>>,
  now: number,
): VolumeView[] {
  const held = Map.groupBy(
    server.leases.list().filter(({ state }) => state === "held"),
    ({ volume }) => volume,
  );
  const apps = new Map(catalog.apps.map((record) => [record.app, record]));
  return catalog.volumes.map((record) => {
    const leases = held.get(record.name) ?? [];
    const usage = own(catalog.usage, record.name);
    const state = leases.length > 0 ? ("mounted" as const) : ("idle" as const);
    const status = statusOf({
      record,
      app: apps.get(record.app) ?? null,
      storage: "",
      here: { state, since: null },
      trouble: null,
      health,
      healthSince: new Date(now).toISOString(),
      usage,
      lastUse: own(catalog.lastUse, record.name),
      lastSnapshot: null,
      mountedOn: leases.map(({ node }) => node).toSorted(),
      drift: [],
      warnings: [],
      left: null,
      damage: null,
    });
    const uses = (own(catalog.uses, record.name) ?? []).filter(
      ({ seenAt }) => now - Date.parse(seenAt) < useExpiryMs,
    );
    return { record, status, uses, usage };
  });
}

function own<T>(all: Readonly<Record<string, T>>, name: string): T | null {
  return Object.hasOwn(all, name) ? (all[name] ?? null) : null;
}
