import { exactSize, formatSize } from "../service/size.ts";
import type { PluginStatus, VolumeView } from "../storage/verbs.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part } from "./terminal.ts";
import { healthPart, problemsFirst, toneOf } from "./volume-health.ts";

export async function listVolumes(call: Call): Promise<ExitCode> {
  if (call.options.drift) return listDrift(call);
  const answer = await call.plugin.ask("Volumes", {}, "reading the volumes");
  if (call.options.json) {
    call.screen.json(answer);
    return 0;
  }
  const status = await call.plugin.ask("Status", {}, "asking the plugin how it is");
  if (answer.volumes.length === 0) {
    const driver = status.docker.driver ?? "swarmnfs";
    call.screen.line(
      `No volumes yet. To make one: docker volume create -d ${driver} -o app=blog blog_data`,
    );
    return 0;
  }
  showTable(answer.volumes.toSorted(problemsFirst), call);
  call.screen.line(...summary(answer.volumes, status));
  return 0;
}

const columns = [
  { title: "VOLUME" },
  { title: "APP" },
  { title: "SIZE" },
  { title: "USED" },
  { title: "MOUNTED ON", wraps: true },
  { title: "LAST SNAPSHOT" },
  { title: "HEALTH", wraps: true },
];

function showTable(volumes: readonly VolumeView[], call: Call): void {
  const { none } = call.screen.symbols;
  const used = usedCells(volumes, none);
  const rows = volumes.map((view, index): Part[] => [
    view.record.name,
    view.record.app,
    view.record.size === null ? none : exactSize(view.record.size),
    used[index] ?? none,
    mountedOn(view) || none,
    view.status.lastSnapshot === undefined ? none : call.moments.ago(view.status.lastSnapshot),
    healthPart(view, call),
  ]);
  call.screen.table(columns, rows);
}

/** `2.0G  20%`, with the percentages below each other. */
function usedCells(volumes: readonly VolumeView[], none: string): string[] {
  const amounts = volumes.map(({ status }) =>
    status.used === undefined ? none : formatSize(status.used),
  );
  const width = Math.max(...amounts.map((amount) => amount.length));
  return volumes.map(({ status }, index) => {
    const amount = amounts[index] ?? none;
    if (status.usedPercent === undefined) return amount;
    return `${amount.padEnd(width)} ${String(Math.round(status.usedPercent)).padStart(3)}%`;
  });
}

function mountedOn({ record, status }: VolumeView): string {
  const nodes = status.mountedOn.join(", ");
  if (nodes === "" || record.access === "shared") return nodes;
  return `${nodes} (${record.access === "exclusive" ? "excl." : "read-only"})`;
}

function summary(volumes: readonly VolumeView[], { health }: PluginStatus): Part[] {
  const used = volumes.reduce((total, { status }) => total + (status.used ?? 0), 0);
  const uncounted = volumes.filter(({ status }) => status.used === undefined).length;
  const problems = volumes.filter((view) => toneOf(view) === "act").length;
  const parts: Part[] = [plural(volumes.length, "volume")];
  if (problems > 0) parts.push(", ", { text: plural(problems, "problem"), tone: "act" });
  parts.push(`, ${formatSize(used)} used`);
  if (health !== null) parts.push(` of ${formatSize(health.total)}`);
  if (uncounted > 0) parts.push(`, ${uncounted} not counted yet`);
  return parts;
}

async function listDrift(call: Call): Promise<ExitCode> {
  const answer = await call.plugin.ask(
    "Volumes",
    { drift: true },
    "comparing with what Docker was asked for",
  );
  // An older plugin may answer with all of them.
  const differing = answer.volumes.filter(({ status }) => (status.drift ?? []).length > 0);
  if (call.options.json) {
    call.screen.json({ volumes: differing });
    return 0;
  }
  if (differing.length === 0) {
    call.screen.line("No differences: every volume is as Docker was asked for it on this node");
    return 0;
  }
  const rows = differing
    .toSorted(problemsFirst)
    .flatMap(({ record, status }) =>
      (status.drift ?? []).map((difference) => [record.name, record.app, difference]),
    );
  call.screen.table(
    [{ title: "VOLUME" }, { title: "APP" }, { title: "DIFFERENCE", wraps: true }],
    rows,
  );
  const are = differing.length === 1 ? "is" : "are";
  call.screen.paragraph(
    `${plural(differing.length, "volume")} ${are} not as Docker was asked for on this node. The record counts; to change it: swarmnfs volumes set`,
  );
  return 0;
}
