import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../../storage/records/app.ts";
import { sameList } from "../../storage/rules/narrowing.ts";
import type { AppChange, NodeIdentity, Storage } from "../../storage/storage.ts";
import type { DeclaredApp } from "./declared-apps.ts";

/** What became of the declared apps. */
export interface Applied {
  /** Apps whose rules were others than declared, and what was changed. */
  readonly changed: readonly { readonly app: string; readonly change: AppChange }[];
  /** Why one could not be changed, in words for people. */
  readonly failed: readonly { readonly app: string; readonly reason: string }[];
}

/**
 * What the app of a new volume is born with, for `CreateRequest.appRules`. An app has no record before its first
 * volume, so this is how a declared one never has other rules than those, not even for a moment.
 */
export function rulesAtBirth(declared: DeclaredApp | null): AppChange {
  return declared === null ? {} : saidOf(declared);
}

/**
 * Gives apps that exist the rules that are declared for them; what is not said of one is left as it is, and an owner by
 * having come first stays. Called at every start. Throws only what is not the matter of one app.
 */
export async function applyDeclaredApps(
  storage: Pick<Storage, "getApp" | "updateApp">,
  apps: readonly DeclaredApp[],
  by: NodeIdentity,
): Promise<Applied> {
  const changed: { app: string; change: AppChange }[] = [];
  const failed: { app: string; reason: string }[] = [];
  for (const declared of apps) {
    const { app } = declared;
    try {
      const record = await storage.getApp(app);
      const change = record === null ? {} : differing(declared, record);
      if (Object.keys(change).length === 0) continue;
      await storage.updateApp(app, change, by);
      changed.push({ app, change });
    } catch (error) {
      if (!(error instanceof UserError) || error.code === "unavailable") throw error;
      failed.push({ app, reason: error.message });
    }
  }
  return { changed, failed };
}

function saidOf({ hosts, services, size }: DeclaredApp): AppChange {
  return {
    ...(hosts !== null && { hosts }),
    ...(services !== null && { services }),
    ...(size !== null && { size }),
  };
}

function differing(declared: DeclaredApp, record: AppRecord): AppChange {
  const { hosts, services, size } = saidOf(declared);
  return {
    ...(hosts !== undefined && !sameList(hosts, record.hosts) && { hosts }),
    ...(services !== undefined && !sameServices(services, record.services) && { services }),
    ...(size !== undefined && size !== record.size && { size }),
  };
}

function sameServices(a: AppRecord["services"] | readonly string[], b: AppRecord["services"]) {
  return a === "first" || b === "first" ? a === b : sameList(a, b);
}
