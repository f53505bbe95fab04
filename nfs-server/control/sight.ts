import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../../storage/records/app.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { hostAllowed } from "../../storage/rules/access.ts";
import type { Catalog } from "../../storage/storage.ts";
import type { LiveNode } from "../nodes/live-node.ts";

/** The rules of an app or a volume that say where it may be. */
type Placed = Pick<AppRecord, "hosts"> | Pick<VolumeRecord, "hosts"> | null;

/** Whether a node may see something, which takes all the rules about it. Administrators and backups see everything. */
export function sees(node: LiveNode, ...rules: readonly Placed[]): boolean {
  if (node.role !== "node") return true;
  return rules.every((rule) => hostAllowed(rule?.hosts ?? ["*"], node.name));
}

/**
 * Throws `denied`, saying what would allow it, unless the node may see this volume, and have it where the call is made
 * with {@link asNode}.
 */
export function refuseElsewhere(
  node: LiveNode,
  app: Pick<AppRecord, "app" | "hosts"> | null,
  volume: Pick<VolumeRecord, "name" | "hosts"> | null,
): void {
  if (node.role !== "node") return;
  const places = [
    { hosts: app?.hosts, what: `app "${app?.app}"`, change: `apps set ${app?.app}` },
    { hosts: volume?.hosts, what: `"${volume?.name}"`, change: `volumes set ${volume?.name}` },
  ];
  for (const { hosts, what, change } of places) {
    if (!hosts || hostAllowed(hosts, node.name)) continue;
    throw new UserError(
      "denied",
      `${what} is for ${hosts.join(", ")}; this is node "${node.name}". To allow it: swarmnfs ${change} hosts=${[...hosts, node.name].join(",")}`,
    );
  }
}

/** What of the catalog a node may see. */
export function seenBy(node: LiveNode, catalog: Catalog): Pick<Catalog, "volumes" | "apps"> {
  if (node.role !== "node") return catalog;
  const apps = new Map(catalog.apps.map((app) => [app.app, app]));
  return {
    apps: catalog.apps.filter((app) => sees(node, app)),
    volumes: catalog.volumes.filter((volume) => sees(node, volume, apps.get(volume.app) ?? null)),
  };
}

/** What rules about hosts say of all nodes, also of those who may see everything. */
export function asNode(node: LiveNode): LiveNode {
  return { ...node, role: "node" };
}
