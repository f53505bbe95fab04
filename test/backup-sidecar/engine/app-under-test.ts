import type { ExecutionContext } from "ava";
import { pino } from "pino";
import { TimeKeeper } from "../../../backup-sidecar/clock/trusted-time.ts";
import { AppStates } from "../../../backup-sidecar/engine/app-state.ts";
import type { HeldLease } from "../../../backup-sidecar/engine/lease.ts";
import type { RunReport } from "../../../backup-sidecar/engine/run-report.ts";
import type { RunWorld } from "../../../backup-sidecar/engine/run-world.ts";
import { runApp } from "../../../backup-sidecar/engine/run.ts";
import { verifyApp, type VerifyReport } from "../../../backup-sidecar/engine/verification.ts";
import { parseKeep } from "../../../backup-sidecar/retention/keep.ts";
import { noHooks } from "../../../service/hooks/hooks.ts";
import { lookAtSource } from "../../../backup-sidecar/source/source-look.ts";
import { systemClock } from "../../../service/clock.ts";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import { BackedUp, type Service } from "./backed-up.ts";

/** The app "blog" with its volume "blog_data", and a service that backs it up. */
export class AppUnderTest {
  readonly place: BackedUp;
  readonly service: Service;
  readonly world: RunWorld;
  readonly volumes: VolumeRecord[];
  #held: HeldLease | null = null;

  private constructor(place: BackedUp, service: Service, world: RunWorld, volume: VolumeRecord) {
    this.place = place;
    this.service = service;
    this.world = world;
    this.volumes = [volume];
  }

  static async begin(
    t: ExecutionContext,
    place?: BackedUp,
    other: Partial<RunWorld> = {},
  ): Promise<AppUnderTest> {
    const there = place ?? (await BackedUp.begin(t));
    const service = await there.service();
    const volume = await there.volume("blog", "blog_data", [
      ["posts/one", 40_000],
      ["posts/two", 50_000],
      ["big", 3_000_000],
    ]);
    return new AppUnderTest(there, service, worldOf(there, service, other), volume);
  }

  /** The same app after its service was started again: nothing of its memory is left. */
  static async again(app: AppUnderTest): Promise<AppUnderTest> {
    const service = await app.place.service();
    const [volume] = app.volumes;
    if (volume === undefined) throw new Error("there is no volume");
    return new AppUnderTest(app.place, service, worldOf(app.place, service), volume);
  }

  /** Reads everything back, and heals. */
  async verify(): Promise<VerifyReport> {
    return verifyApp(this.world, {
      app: "blog",
      sources: this.volumes.map((volume) => this.place.view(volume)),
      held: await this.held(),
      read: { percent: 100 },
    });
  }

  async held(): Promise<HeldLease> {
    this.#held ??= await this.service.hold();
    return this.#held;
  }

  /** A run under a lease that is held from the first one on. */
  async run(signal?: AbortSignal): Promise<RunReport> {
    return runApp(this.world, {
      app: "blog",
      sources: this.volumes.map((volume) => this.place.view(volume)),
      held: await this.held(),
      ...(signal && { signal }),
    });
  }
}

export function worldOf(
  place: BackedUp,
  service: Service,
  other: Partial<RunWorld> = {},
): RunWorld {
  const { remote } = service.world;
  return {
    repositories: service.repositories,
    lease: service.lease,
    states: new AppStates(place.storage),
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
    keep: parseKeep("180d"),
    rules: { shrinkLimit: 0.5 },
    lockHost: service.lockHost,
    look: lookAtSource,
    log: pino({ level: "silent" }),
    ...other,
  };
}
