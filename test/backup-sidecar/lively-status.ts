import { Traffic } from "../../backup-sidecar/repository/http/traffic.ts";
import type { BackupView } from "../../storage/backup/verbs.ts";
import { backupCommands, runOf } from "../cli/fake-backup.ts";

/** A backup service that has something to be told of everything. */
export async function livelyStatus(): Promise<BackupView> {
  const known = await backupCommands.status({}, { signal: new AbortController().signal } as never);
  const [blog, ...others] = known.apps;
  if (blog === undefined) throw new Error("no app");
  return { ...known, apps: [{ ...blog, lastRun: runOf("blog") }, ...others] };
}

export function livelyTraffic(): Traffic {
  const traffic = new Traffic();
  for (const status of [201, 201, 423, 507]) traffic.answered("PUT", status);
  traffic.answered("MKCOL", 405);
  traffic.ended("PUT", "network");
  traffic.moved("sent", 3000);
  return traffic;
}
