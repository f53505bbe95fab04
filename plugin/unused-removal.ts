import { UserError } from "../service/user-error.ts";
import type { RemoveOutcome } from "../storage/storage.ts";
import type { Verbs } from "../storage/verbs.ts";
import { Call } from "./call.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import type { Driver } from "./driver.ts";
import type { Engine } from "./engine.ts";
import type { StorageWatch } from "./storage-watch.ts";
import { labelsOf, wantedVolumes } from "./wanted-volumes.ts";

/** What has it is never cleaned up. */
const keepLabel = "swarmnfs.keep";

export interface RemovalParts {
  readonly catalog: CatalogCopy;
  readonly watch: StorageWatch;
  readonly driver: Driver;
  readonly engine: Engine | null;
}

/**
 * Removes a volume that somebody was shown as unused, if it still is: everything is asked anew first, and the storage itself
 * refuses what another node has mounted. Throws `UserError` with why it stays.
 */
export async function removeUnused(
  { catalog, watch, driver, engine }: RemovalParts,
  { name, id, lastUse }: Verbs["RemoveUnused"]["request"],
): Promise<RemoveOutcome | null> {
  await watch.lookAnew();
  if (watch.trouble !== null) throw new UserError("unavailable", watch.trouble.reason);
  const record = catalog.volume(name);
  if (record === null) throw new UserError("not-found", `there is no volume "${name}" any more`);
  if (record.id !== id || record.root || record.state !== "ready")
    throw new UserError("conflict", `"${name}" is not the volume any more that it was`);
  const nodes = catalog.uses(name).map(({ node }) => node);
  if (nodes.length > 0)
    throw new UserError("in-use", `"${name}" is in use by now, on ${nodes.join(", ")}`);
  if (catalog.lastUse(name) !== lastUse)
    throw new UserError("in-use", `"${name}" has been used since it was looked at`);
  const wanted = await wantedVolumes(engine);
  if (engine !== null && wanted.scope === "none")
    throw new UserError(
      "unavailable",
      `Docker does not say whether a container wants "${name}". Try again when it answers`,
    );
  const who = Object.hasOwn(wanted.by, name) ? (wanted.by[name] ?? []) : [];
  if (who.length > 0)
    throw new UserError("in-use", `"${name}" is wanted by now: ${who.join(", ")}`);
  const labels = await labelsOf(engine);
  if (Object.hasOwn(labels, name) && Object.hasOwn(labels[name] ?? {}, keepLabel))
    throw new UserError("denied", `"${name}" has the label ${keepLabel}`);
  return driver.remove(name, new Call(performance.now()));
}
