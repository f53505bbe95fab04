import type { HookCall } from "../records/hook-call.ts";
import type { RollCall } from "../records/roll-call.ts";
import type { Catalog, Usage } from "../storage.ts";
import type { AdvisoryTable } from "./advisory-table.ts";
import { lastSnapshots } from "./backup-status.ts";
import { pendingHookCalls } from "./hook-calls.ts";
import type { Layout, Parts } from "./parts.ts";
import { pendingRollCalls } from "./roll-calls.ts";

/** A list, or only what changes all the time if the rest is as it was `seen`. */
export interface Listing {
  /** To be given with the next question; null while things change. */
  readonly seen: string | null;
  readonly uses: Catalog["uses"];
  readonly rollCalls: readonly RollCall[];
  readonly hookCalls: readonly HookCall[];
  readonly catalog: Catalog | null;
}

interface ListedTables {
  readonly usage: AdvisoryTable<Usage>;
  readonly lastUse: AdvisoryTable<string>;
}

/** The catalog, unless nothing but signs of use has changed since a list that was `seen`. */
export async function listSince(
  parts: Parts,
  tables: ListedTables,
  layout: Layout,
  seen: string | null,
): Promise<Listing> {
  const { volumes, apps } = parts;
  const now = await seenNow(parts, tables, layout);
  // Our own server knows by its leases, and would read a file for each of them at every look.
  const uses = parts.served ? {} : await parts.uses.all(layout);
  const rollCalls = await pendingRollCalls(parts, layout);
  const hookCalls = await pendingHookCalls(parts, layout);
  const passing = { uses, rollCalls, hookCalls };
  if (seen !== null && seen === now) return { seen, ...passing, catalog: null };
  const [listed, listedApps] = await Promise.all([volumes.list(layout), apps.list(layout)]);
  const catalog = {
    volumes: listed.records.filter((record) => record.state !== "trashed"),
    apps: listedApps.records,
    uses,
    usage: Object.fromEntries(await tables.usage.read(layout)),
    lastUse: Object.fromEntries(await tables.lastUse.read(layout)),
    lastSnapshot: await lastSnapshots(layout),
    damaged: [...listed.damaged, ...listedApps.damaged],
  };
  return { seen: now, ...passing, catalog };
}

/** What the folders look like; null while they change, and different every ten minutes, to be safe. */
async function seenNow(
  { volumes, apps, clock }: Parts,
  tables: ListedTables,
  layout: Layout,
): Promise<string | null> {
  const parts = await Promise.all([
    volumes.seen(layout),
    apps.seen(layout),
    tables.usage.seen(layout),
  ]);
  return parts.includes(null) ? null : [Math.floor(clock.now() / 600_000), ...parts].join(" ");
}
