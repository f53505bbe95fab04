import { exactSize, formatSize } from "../service/size.ts";
import { UserError } from "../service/user-error.ts";
import type { VolumeView } from "../storage/verbs.ts";
import { byName } from "./by-name.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part } from "./terminal.ts";

/** What volumes hold, the largest first; of one app, or of all. */
export async function showUsage(call: Call): Promise<ExitCode> {
  const [app] = call.operands;
  const { volumes } = await call.plugin.ask("Volumes", {}, "reading the volumes");
  const views = volumes.filter(({ record }) => app === undefined || record.app === app);
  if (app !== undefined && views.length === 0)
    throw new UserError("not-found", `there is no volume of an app "${app}". See: swarmnfs apps`);
  if (call.options.json) {
    call.screen.json({ volumes: views.map(inJson) });
    return 0;
  }
  if (views.length === 0) {
    call.screen.line("No volumes yet");
    return 0;
  }
  call.screen.table(
    [
      { title: "VOLUME" },
      { title: "APP" },
      { title: "USED" },
      { title: "SIZE" },
      { title: "%" },
      { title: "FILES" },
      { title: "COUNTED" },
    ],
    views
      .toSorted((a, b) => used(b) - used(a) || byName(a.record.name, b.record.name))
      .map((view) => row(view, call)),
  );
  const total = views.reduce((sum, view) => sum + (view.status.used ?? 0), 0);
  const uncounted = views.filter(({ status }) => status.used === undefined).length;
  const rest = uncounted === 0 ? "" : `, ${uncounted} not counted yet`;
  call.screen.line(`${plural(views.length, "volume")}, ${formatSize(total)} used${rest}`);
  return 0;
}

function used({ status }: VolumeView): number {
  return status.used ?? -1;
}

function row({ record, status, usage }: VolumeView, call: Call): Part[] {
  const { none } = call.screen.symbols;
  const percent = status.usedPercent;
  const share = percent === undefined ? none : String(Math.round(percent));
  return [
    record.name,
    record.app,
    status.used === undefined ? none : formatSize(status.used),
    record.size === null ? none : exactSize(record.size),
    percent !== undefined && percent >= 80 ? { text: share, tone: "act" } : share,
    status.files === undefined ? none : status.files.toLocaleString("en"),
    usage === null ? none : call.moments.ago(usage.at),
  ];
}

function inJson({ record, usage }: VolumeView): object {
  return { volume: record.name, app: record.app, size: record.size, usage };
}
