import { normalize } from "node:path/posix";
import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import { parseDirectoryUrl } from "../../storage/directory/directory-url.ts";
import type { NodeIdentity } from "../../storage/storage.ts";
import type { Passes } from "../benchmark/passes.ts";
import type { CatalogCopy } from "../catalog-copy.ts";
import type { Driver } from "../driver.ts";
import type { Engine } from "../engine.ts";
import type { Mounts } from "../mounts.ts";
import type { StorageWatch } from "../storage-watch.ts";
import type { WorkHandlers } from "../works-api.ts";
import type { TransferEngine } from "./transfer-engine.ts";
import { Transfers } from "./transfers.ts";

const identifyBoundMs = 5_000;

/** Makes ready to bring data into volumes and out of them. */
export function beginTransfers(parts: {
  readonly node: NodeIdentity;
  readonly driver: Driver;
  readonly catalog: CatalogCopy;
  readonly mounts: Mounts;
  readonly watch: StorageWatch;
  readonly passes: Passes;
  readonly log: Log;
  /** Null: there is no Docker socket. */
  readonly engine: Engine | null;
  /** Absent: this is no managed plugin, whose programs a container could run. */
  readonly transfers?: TransferEngine | undefined;
}): Pick<WorkHandlers, "Import" | "Export"> {
  const { node, driver, catalog, mounts, watch, passes, engine, log } = parts;
  if (engine === null || parts.transfers === undefined) {
    const refuse = (): Promise<never> => Promise.reject(withoutDocker());
    return { Import: refuse, Export: refuse };
  }
  const transfers = new Transfers({
    engine: parts.transfers,
    driver: async () => (await engine.identify(identifyBoundMs)).driver,
    node,
    passes,
    async look(volume) {
      await watch.look();
      return catalog.volume(volume);
    },
    create: (volume, app) => driver.create(volume, { app }),
    usersOf(volume) {
      // What only lingers after its last container is in nobody's way.
      const row = mounts.row(volume);
      const isHeld = row !== null && row.holders.length > 0;
      const here = isHeld ? [[`node ${node.name}`, ...row.consumers].join(": ")] : [];
      const others = catalog.uses(volume).filter(({ nodeId }) => nodeId !== node.id);
      return [...here, ...others.map((use) => `node ${use.node}`)];
    },
    log,
  });
  return {
    Import: (request, tell, over) => transfers.import(request, tell, over),
    Export: (request, tell, over) => transfers.export(request, tell, over),
  };
}

/** Of a storage that is a directory of this node: which containers have a directory of it mounted by themselves. */
export function usersOfDirectories(
  url: string,
  transfers: TransferEngine | undefined,
): { usersOf?: (path: string) => Promise<readonly string[] | null> } {
  const [, rest] = /^dir:\/\/(.*)$/s.exec(url) ?? [];
  if (rest === undefined || transfers === undefined) return {};
  const root = parseDirectoryUrl(url, rest).path;
  return {
    usersOf: (path) => transfers.usersOf({ kind: "path", path: normalize(`${root}/${path}`) }),
  };
}

function withoutDocker(): UserError {
  return new UserError(
    "unsupported",
    "data is copied by a container of the managed plugin, and this plugin has no Docker socket or was not installed by Docker. Copy it with a container that mounts both, or set SWARMNFS_DOCKER",
  );
}
