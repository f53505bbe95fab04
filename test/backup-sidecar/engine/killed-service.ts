// A backup service that does one thing and ends, to be killed at any moment. Says `begun` once it is at it.
import process from "node:process";
import path from "node:path";
import { v7 as uuid } from "uuid";
import * as z from "zod";
import { TimeKeeper } from "../../../backup-sidecar/clock/trusted-time.ts";
import { AppStates } from "../../../backup-sidecar/engine/app-state.ts";
import { Documents } from "../../../backup-sidecar/engine/documents.ts";
import { StorageLease, type HeldLease } from "../../../backup-sidecar/engine/lease.ts";
import { Pins } from "../../../backup-sidecar/engine/pins.ts";
import { pruneApp } from "../../../backup-sidecar/engine/pruning.ts";
import { Repositories } from "../../../backup-sidecar/engine/repositories.ts";
import { SnapshotMemory } from "../../../backup-sidecar/engine/snapshot-memory.ts";
import { Restic } from "../../../backup-sidecar/engine/restic.ts";
import type { RunWorld } from "../../../backup-sidecar/engine/run-world.ts";
import { runApp } from "../../../backup-sidecar/engine/run.ts";
import { verifyApp } from "../../../backup-sidecar/engine/verification.ts";
import { parseKeep } from "../../../backup-sidecar/retention/keep.ts";
import { noHooks } from "../../../service/hooks/hooks.ts";
import { lookAtSource } from "../../../backup-sidecar/source/source-look.ts";
import { sourceView } from "../../../backup-sidecar/source/source-view.ts";
import { systemClock } from "../../../service/clock.ts";
import { createLog } from "../../../service/log.ts";
import { volumeRecordSchema } from "../../../storage/records/volume.ts";
import { until } from "../../plugin/until.ts";
import { bridgeTo } from "./dav.ts";

const { top, server, volume, program, work } = z
  .object({
    /** Of a `BackedUp`. */
    top: z.string(),
    server: z.object({ url: z.string(), user: z.string(), password: z.string() }),
    volume: volumeRecordSchema,
    /** restic. */
    program: z.string(),
    work: z.enum(["run", "verify", "prune"]),
  })
  .parse(JSON.parse(process.argv[2] ?? ""));

const storage = path.join(top, "storage");
const own = path.join(top, "state/killed");
const lockHost = `swarmnfs-${uuid().slice(-12)}`;
const times = { term: 8000, renew: 1000, giveUp: 6000 };
const lease = new StorageLease(
  storage,
  { id: uuid(), node: "killed", lockHost },
  systemClock,
  times,
);
const taken: HeldLease[] = [];
await until(
  "the one that was killed before is past its term",
  async () => {
    const held = await lease.acquire().catch(() => null);
    if (held !== null) taken.push(held);
    return held !== null;
  },
  120_000,
);
const [held] = taken;
if (held === undefined) throw new Error("unreachable");
const { remote, bridge } = await bridgeTo(server, "storage1");
const restic = new Restic({
  program,
  passwordFile: path.join(top, "password"),
  cache: path.join(own, "cache"),
  temporary: path.join(own, "tmp"),
  lockHost,
  memory: null,
});
const world: RunWorld = {
  repositories: new Repositories({
    restic,
    bridge,
    remote,
    remembered: new SnapshotMemory(),
    pins: new Pins(
      new Documents(storage, [".swarmnfs", "backup", "pins"]),
      new Documents(own, ["pins"]),
      async () => null,
    ),
    storage: "018f0000-0000-7000-8000-000000000001",
    clock: systemClock,
    signal: held.signal,
  }),
  lease,
  states: new AppStates(storage),
  time: new TimeKeeper({
    clock: systemClock,
    uptime: () => performance.now(),
    servers: [],
    ask: () => Promise.reject(new Error("no time server")),
    remoteOffset: () => remote.clockOffsetMs(),
  }),
  clock: systemClock,
  hooks: noHooks,
  history: { record: async () => undefined },
  keep: parseKeep("last=3"),
  rules: { shrinkLimit: 1 },
  lockHost,
  look: lookAtSource,
  log: createLog("killed", { level: "error", format: "json" }),
};
process.stdout.write("begun\n");
const view = sourceView({ root: storage, mountPoint: path.join(top, "view") }, volume);
const request = { app: volume.app, sources: [view], held };
const done = await perform();
await bridge.close();
await held.release();
process.stdout.write(`${JSON.stringify(done)}\n`);

async function perform(): Promise<unknown> {
  if (work === "run") return await runApp(world, request);
  if (work === "verify") return await verifyApp(world, { ...request, read: { percent: 100 } });
  return await pruneApp(world, request, false);
}
