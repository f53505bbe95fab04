import { parseMountinfo } from "../../storage/mounting/mountinfo.ts";
import type { Storage } from "../../storage/storage.ts";
import type { CatalogCopy } from "../catalog-copy.ts";
import type { Guard } from "../guard/guard.ts";
import type { MountAttempts } from "../mount-attempts.ts";
import type { Mounts } from "../mounts.ts";
import type { StorageWatch } from "../storage-watch.ts";
import type { MountedVolume, PluginView } from "./metrics.ts";
import { connectionsOf, parseMountstats } from "./mountstats.ts";
import { volumeTraffic } from "./volume-traffic.ts";

/** What the kernel says of this process's mounts, as text. Asks no server. */
export interface KernelTables {
  /** /proc/self/mountstats. */
  mountstats(): Promise<string>;
  /** /proc/self/mountinfo. */
  mountinfo(): Promise<string>;
}

/** Whom a scrape asks: memory, and the kernel's tables. */
export interface MetricsParts {
  readonly storage: Pick<Storage, "server">;
  readonly catalog: CatalogCopy;
  readonly mounts: Mounts;
  readonly attempts: MountAttempts;
  readonly watch: StorageWatch;
  readonly guard: Guard;
  readonly kernel: KernelTables;
}

/** What is true of this node now. Kernel tables that cannot be read are empty: the rest is worth being told. */
export async function viewOf(parts: MetricsParts): Promise<PluginView> {
  const { catalog, attempts, watch, guard, kernel } = parts;
  const [stats, info] = await Promise.all([
    kernel.mountstats().catch(() => ""),
    kernel.mountinfo().catch(() => ""),
  ]);
  const mounted = mountedVolumes(parts);
  const paths = new Map(mounted.map(({ name }) => [name, parts.mounts.path(name)]));
  const places = new Set(paths.values());
  const nfs = parseMountstats(stats).filter(({ mountPoint }) => places.has(mountPoint));
  return {
    volumes: catalog.volumes().length,
    mounted,
    failing: attempts.failing(),
    trouble: watch.trouble,
    health: watch.health,
    guard,
    membership: membershipOf(parts.storage),
    traffic: volumeTraffic(nfs, parseMountinfo(info), paths),
    connections: connectionsOf(nfs),
  };
}

function mountedVolumes({ mounts, catalog }: MetricsParts): MountedVolume[] {
  return mounts
    .rows()
    .filter(({ volume }) => mounts.isMounted(volume))
    .map(({ volume, holders }) => {
      const record = catalog.volume(volume);
      return {
        name: volume,
        app: record?.app ?? "",
        holders: holders.length,
        used: catalog.usage(volume)?.bytes ?? null,
        size: record?.size ?? null,
      };
    });
}

function membershipOf({ server }: Pick<Storage, "server">): PluginView["membership"] {
  if (server?.control === undefined) return null;
  const { certifiedUntil, aheadMs, leases = null } = server.control;
  return { certifiedUntil, aheadMs, leases };
}
