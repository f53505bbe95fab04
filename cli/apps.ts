import { exactSize, formatSize } from "../service/size.ts";
import type { AppChange } from "../storage/storage.ts";
import type { AppView } from "../storage/verbs.ts";
import { readAssignments, readList, readSize } from "./assignments.ts";
import type { Call, ExitCode } from "./call.ts";
import { byName } from "./by-name.ts";
import { acceptsLosses } from "./losses.ts";
import { plural } from "./plural.ts";
import { showChange, unchanged } from "./show-change.ts";
import type { Part } from "./terminal.ts";

export async function listApps(call: Call): Promise<ExitCode> {
  const answer = await call.plugin.ask("Apps", {}, "reading the apps");
  if (call.options.json) {
    call.screen.json(answer);
    return 0;
  }
  if (answer.apps.length === 0) {
    call.screen.line("No apps yet: the first volume of an app makes it.");
    return 0;
  }
  const apps = answer.apps.toSorted(
    (a, b) => rank(a) - rank(b) || byName(a.record.app, b.record.app),
  );
  const columns = [
    { title: "APP" },
    { title: "SERVICES", wraps: true },
    { title: "HOSTS", wraps: true },
    { title: "SIZE" },
    { title: "USED" },
    { title: "VOLUMES", wraps: true },
  ];
  call.screen.table(
    columns,
    apps.map((app) => row(app, call)),
  );
  call.screen.line(summary(apps));
  return 0;
}

export async function showApp(call: Call): Promise<ExitCode> {
  const [app = ""] = call.operands;
  const view = await call.plugin.ask("App", { app }, `reading the app "${app}"`);
  if (call.options.json) {
    call.screen.json(view);
    return 0;
  }
  const { record } = view;
  call.screen.facts([
    ["app", record.app],
    ["services", servicesText(view), ...ownerSince(view, call)],
    ["hosts", record.hosts.join(", ")],
    ["size", record.size === null ? "no limit" : exactSize(record.size)],
    ["used", usedPart(view, call)],
    ["volumes", view.volumes.toSorted(byName).join(", ") || call.screen.symbols.none],
    ["created", `${call.moments.ago(record.createdAt)} on ${record.createdBy}`],
  ]);
  return 0;
}

const command = "apps set";

const readServices = readList("services", command);
const readHosts = readList("hosts", command);
const readAppSize = readSize("size", command);

const rules = {
  command,
  keys: new Map<string, (value: string) => AppChange>([
    ["services", (value) => ({ services: value === "first" ? "first" : readServices(value) })],
    ["hosts", (value) => ({ hosts: readHosts(value) })],
    ["size", (value) => ({ size: readAppSize(value) })],
  ]),
  fixed: [],
};

export async function setApp(call: Call): Promise<ExitCode> {
  const [app = "", ...words] = call.operands;
  const changes = readAssignments(words, rules);
  const change: AppChange = Object.assign({}, ...changes.values());
  const before = await call.plugin.ask("App", { app }, `reading the app "${app}"`);
  if (change.hosts !== undefined) {
    const { volumes } = await call.plugin.ask("Volumes", {}, "reading the volumes");
    const own = volumes.filter(({ record }) => record.app === app);
    if (!(await acceptsLosses(call, own, change.hosts))) return unchanged(call);
  }
  const after = await call.plugin.ask("SetApp", { app, change }, `changing the app "${app}"`);
  if (call.options.json) {
    call.screen.json(after);
    return 0;
  }
  showChange(
    call.screen,
    `app "${app}"`,
    [...changes.keys()].map((key) => ({
      key,
      before: valueOf(before, key),
      after: valueOf(after, key),
    })),
  );
  return 0;
}

function valueOf(view: AppView, key: string): string {
  const { hosts, size } = view.record;
  if (key === "services") return servicesText(view);
  if (key === "hosts") return hosts.join(", ");
  return size === null ? "none" : exactSize(size);
}

function row(view: AppView, call: Call): Part[] {
  const { none } = call.screen.symbols;
  const { record } = view;
  return [
    record.app,
    servicesText(view),
    record.hosts.join(", "),
    record.size === null ? none : exactSize(record.size),
    usedPart(view, call),
    view.volumes.toSorted(byName).join(", ") || none,
  ];
}

/** Who may mount; with `first`, who came first. */
function servicesText({ record }: AppView): string {
  if (record.services !== "first") return record.services.join(", ");
  if (record.owner === null) return "first (nobody yet)";
  return `${record.owner.kind} ${record.owner.name} (first)`;
}

function ownerSince({ record }: AppView, call: Call): string[] {
  if (record.services !== "first" || record.owner === null) return [];
  return [`owner ${call.moments.since(record.owner.since)}`];
}

function usedPart(view: AppView, call: Call): Part {
  if (view.used === null) return call.screen.symbols.none;
  const text = formatSize(view.used);
  return isOver(view) ? { text: `${text} (over)`, tone: "act" } : text;
}

function isOver({ record, used }: AppView): boolean {
  return record.size !== null && used !== null && used > record.size;
}

function rank(view: AppView): number {
  return isOver(view) ? 0 : 1;
}

function summary(apps: readonly AppView[]): string {
  const used = apps.reduce((total, app) => total + (app.used ?? 0), 0);
  const volumes = apps.reduce((total, app) => total + app.volumes.length, 0);
  return `${plural(apps.length, "app")}, ${plural(volumes, "volume")}, ${formatSize(used)} used`;
}
