import { rfc3339 } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import type { RunView } from "../../storage/backup/verbs.ts";
import { configView } from "../config-view.ts";
import type { Commands } from "../control/commands.ts";
import { configsApp } from "../schedule/job.ts";
import { checkTarget } from "../repository/target/check-target.ts";
import type { Care } from "./care.ts";
import type { Drilling } from "./drilling.ts";
import type { Overview } from "./overview.ts";
import type { Reading } from "./reading.ts";
import type { Restoring } from "./restoring.ts";
import type { Running } from "./running.ts";
import { backedUp, chosenApps, type Shared } from "./shared.ts";

export interface Operations {
  readonly running: Running;
  readonly care: Care;
  readonly drilling: Drilling;
  readonly reading: Reading;
  readonly restoring: Restoring;
  readonly overview: Overview;
  readonly environment: NodeJS.ProcessEnv;
}

/** Everything the service can be asked. */
export function commandsOf(shared: Shared, operations: Operations): Commands {
  const { running, care, drilling, reading, restoring, overview, environment } = operations;
  return {
    run: async ({ apps }, talk) => {
      const configs = shared.settings.nfsConfigs ? [configsApp] : [];
      const chosen = chosenApps(apps, [...(await backedUp(shared)).keys(), ...configs]);
      // Nothing is begun for any app where nothing can be done for all.
      await shared.leases.hold();
      const attending = { signal: talk.signal, onProgress: talk.progress.bind(talk) };
      const reports = await Promise.all(
        chosen.map((app) =>
          running.now(app, attending).catch((error: unknown) => failedRun(app, error)),
        ),
      );
      talk.signal.throwIfAborted();
      return { reports };
    },
    status: () => overview.view(),
    snapshots: (request, talk) => reading.snapshots(request, talk),
    ls: (request, talk) => reading.ls(request, talk),
    diff: (request, talk) => reading.diff(request, talk),
    dump: (request, signal) => reading.dump(request, signal),
    restore: (request, talk) => restoring.restore(request, talk),
    verify: (request, talk) => care.verify(request, talk),
    drill: (request, talk) => drilling.drill(request, talk),
    confirm: (request) => care.confirm(request),
    forget: (request, talk) => care.forget(request, talk),
    prune: (request, talk) => care.prune(request, talk),
    keyList: (request, talk) => care.keyList(request, talk),
    keyAdd: (request, talk) => care.keyAdd(request, talk),
    keyRemove: (request, talk) => care.keyRemove(request, talk),
    config: async () => configView(shared.settings, environment),
    checkTarget: async () => {
      const settings = await shared.target.settings();
      await shared.leases.hold();
      const findings = await checkTarget(settings, await shared.target.known());
      const addresses = await settings.addresses();
      return {
        server: addresses.map(({ href }) => href).join(", "),
        findings: findings.map(({ state, text }) => ({ level: state, title: text })),
      };
    },
  };

  function failedRun(app: string, error: unknown): RunView {
    const now = rfc3339(shared.clock.now());
    return {
      app,
      outcome: "failed",
      notes: [messageOf(error)],
      startedAt: now,
      endedAt: now,
      volumes: [],
    };
  }
}
