import type { Log } from "../../service/log.ts";
import { type DoctorParts, examine } from "../doctor.ts";
import type { Driver } from "../driver.ts";
import {
  ClusterExaminations,
  type ClusterPatience,
  usualClusterPatience,
} from "./cluster-examination.ts";
import { RollListener } from "./roll-listener.ts";
import { childScratchFiles, type ScratchFiles } from "./scratch-files.ts";

/** What a test may choose. */
export interface ClusterWorld {
  readonly files: ScratchFiles;
  readonly patience: ClusterPatience;
}

export interface BeginClusterParts extends DoctorParts {
  readonly driver: Driver;
  readonly world: Partial<ClusterWorld>;
  readonly log: Log;
}

/** From now on this node answers others that ask all nodes how they are, and can ask so itself; until the signal aborts. */
export function beginCluster(parts: BeginClusterParts, signal: AbortSignal): ClusterExaminations {
  const { driver, mounts, catalog, engine, storage, watch, world, log } = parts;
  const node = parts.node.identity;
  const files = world.files ?? childScratchFiles;
  const examination = {
    node,
    engine,
    scratch: { driver, mounts, catalog, files },
    examine: () => examine(parts),
  };
  const listener = new RollListener(storage, examination, log, signal);
  watch.listen(({ rollCalls = [] }) => listener.hear(rollCalls));
  const patience = world.patience ?? usualClusterPatience;
  return new ClusterExaminations({
    ...examination,
    engine,
    storage,
    watch,
    catalog,
    patience,
    log,
    signal,
  });
}
