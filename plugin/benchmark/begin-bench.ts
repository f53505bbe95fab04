import type { Log } from "../../service/log.ts";
import { repeat } from "../../service/repeat.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { NodeIdentity, Storage } from "../../storage/storage.ts";
import type { VolumeStatus } from "../../storage/verbs.ts";
import type { CatalogCopy } from "../catalog-copy.ts";
import type { Driver } from "../driver.ts";
import type { Engine } from "../engine.ts";
import type { StorageWatch } from "../storage-watch.ts";
import type { WorkHandlers } from "../works-api.ts";
import { Bench, type BenchParts } from "./bench.ts";
import type { Passes } from "./passes.ts";
import { ScratchVolumes } from "./scratch-volumes.ts";
import type { ThrowAway } from "./throw-away.ts";

/** Milliseconds between looks at what a run that was killed left behind. */
const sweepEveryMs = 60_000;
const identifyBoundMs = 5_000;

/** Containers of this node, on the engine that knows us as `driver`. */
export type MakeThrowAway = (node: NodeIdentity, driver: () => Promise<string>) => ThrowAway;

/** Makes ready to measure volumes, and takes away what an earlier process left until `signal` aborts. */
export async function beginBench(
  parts: {
    readonly directory: string;
    readonly storage: Storage;
    readonly node: NodeIdentity;
    readonly driver: Driver;
    readonly catalog: CatalogCopy;
    readonly watch: StorageWatch;
    readonly passes: Passes;
    readonly status: (record: VolumeRecord) => VolumeStatus;
    readonly log: Log;
    /** Null, either: there is no Docker socket. */
    readonly engine: Engine | null;
    readonly makeThrowAway: MakeThrowAway | null;
    readonly onDamage: (setAside: string, reason: string) => void;
  },
  signal: AbortSignal,
): Promise<WorkHandlers["Bench"]> {
  const { directory, node, engine, makeThrowAway, onDamage, log, watch } = parts;
  if (engine === null || makeThrowAway === null) return () => Promise.reject(withoutDocker());
  const throwAway = makeThrowAway(
    node,
    async () => (await engine.identify(identifyBoundMs)).driver,
  );
  const scratch = await ScratchVolumes.open(directory, { ...parts, throwAway }, onDamage);
  const bench = new Bench({ ...parts, throwAway, scratch, look: lookWith(parts) });
  const sweep = async (): Promise<void> => {
    if (scratch.names.length === 0) return;
    await watch.opened();
    await bench.sweep();
  };
  void repeat(sweepEveryMs, sweep, signal, (error) =>
    log.debug({ err: error }, "scratch volumes are left; tried again"),
  );
  return (request, tell, over) => bench.run(request, tell, over);
}

function lookWith(parts: {
  readonly storage: Storage;
  readonly catalog: CatalogCopy;
  readonly watch: StorageWatch;
  readonly status: (record: VolumeRecord) => VolumeStatus;
}): BenchParts["look"] {
  return async (volume) => {
    const { storage, catalog, watch, status } = parts;
    await watch.look();
    const record = catalog.volume(volume);
    if (record === null)
      throw new UserError("not-found", `there is no volume "${volume}". See: swarmnfs volumes`);
    const app = await storage.getApp(record.app);
    if (app === null)
      throw new UserError(
        "unavailable",
        `the rules of app "${record.app}" are missing on the storage. See: swarmnfs apps`,
      );
    return { view: { record, status: status(record) }, app };
  };
}

function withoutDocker(): UserError {
  return new UserError(
    "unsupported",
    "measuring needs Docker's socket, which the plugin of this node does not have. Set SWARMNFS_DOCKER",
  );
}
