import { exactSize, formatSize } from "../service/size.ts";
import type { VolumeChange } from "../storage/storage.ts";
import type { VolumeView } from "../storage/verbs.ts";
import { readAssignments, readChoice, readList, readSize } from "./assignments.ts";
import type { Call, ExitCode } from "./call.ts";
import { acceptsLosses } from "./losses.ts";
import type { Fact } from "./screen.ts";
import { showChange, unchanged } from "./show-change.ts";
import type { Part } from "./terminal.ts";
import { healthPart, isSinceKnown, toneOf } from "./volume-health.ts";

export async function showVolume(call: Call): Promise<ExitCode> {
  const [name = ""] = call.operands;
  const view = await call.plugin.ask("Volume", { name }, `reading the volume "${name}"`);
  if (call.options.json) {
    call.screen.json(view);
  } else {
    call.screen.facts(facts(view, call));
  }
  return 0;
}

function facts(view: VolumeView, call: Call): Fact[] {
  const { record, status } = view;
  const { moments, screen } = call;
  const { uid, gid, mode } = record.owner;
  return [
    ["volume", record.name],
    ["app", record.app],
    ["health", healthPart(view, call), ...moreOnHealth(view, call)],
    ["state", stateText(view, call)],
    ["storage", status.storage],
    ["path", status.path],
    ["services", `${status.services}${record.services === null ? " (as the app)" : ""}`],
    ...(status.owner === undefined ? [] : [["owner", status.owner] satisfies Fact]),
    ["hosts", `${status.hosts}${record.hosts === null ? " (as the app)" : ""}`],
    ["access", record.access],
    ["size", record.size === null ? "no limit" : exactSize(record.size)],
    ["used", usedText(view, call)],
    ["mounted on", ...mounts(view, call)],
    [
      "last snapshot",
      status.lastSnapshot === undefined ? screen.symbols.none : moments.ago(status.lastSnapshot),
    ],
    ["backup", record.backup],
    ["on-remove", record.onRemove],
    ["directory", `uid ${uid}, gid ${gid}, mode ${mode.toString(8).padStart(4, "0")}`],
    ...(record.mountOptions.length === 0
      ? []
      : [["mount-options", record.mountOptions.join(",")] satisfies Fact]),
    ...(record.fill === null
      ? []
      : [["filled", status.filling ?? `from "${record.fill.from}"`] satisfies Fact]),
    ["created", `${moments.ago(record.createdAt)} on ${record.createdBy}`],
    ...(status.warnings ?? []).map((text): Fact => ["warning", { text, tone: "look" }]),
    ...((status.drift ?? []).length === 0
      ? []
      : [
          [
            "differs",
            ...(status.drift ?? []).map((text): Part => ({ text, tone: "look" })),
          ] satisfies Fact,
        ]),
  ];
}

/** Why it is worth a look (a problem's reason is part of its health), and since when something is wrong. */
function moreOnHealth(view: VolumeView, call: Call): string[] {
  const { health, reason, since } = view.status;
  const lines = toneOf(view) === "look" && reason !== undefined ? [reason] : [];
  if (health !== "ok" && isSinceKnown(view)) lines.push(call.moments.since(since));
  return lines;
}

/** `mounted for 3 h`. While something is wrong, the moment is about that instead. */
function stateText(view: VolumeView, call: Call): string {
  const { health, since, state } = view.status;
  return health === "ok" && isSinceKnown(view) ? `${state} ${call.moments.since(since)}` : state;
}

function usedText({ status, usage }: VolumeView, call: Call): string {
  if (status.used === undefined) return "not counted yet";
  const percent = status.usedPercent === undefined ? "" : ` (${Math.round(status.usedPercent)} %)`;
  const files = status.files === undefined ? "" : `, ${status.files.toLocaleString("en")} files`;
  const counted = usage === null ? "" : `, counted ${call.moments.ago(usage.at)}`;
  return `${formatSize(status.used)}${percent}${files}${counted}`;
}

/** `node1: service blog_web, for 3 h`, a line a node. */
function mounts({ status, uses }: VolumeView, call: Call): Part[] {
  if (status.mountedOn.length === 0) return [call.screen.symbols.none];
  return status.mountedOn.map((node) => {
    const use = uses.find((sign) => sign.node === node);
    if (use === undefined) return node;
    const consumers = use.consumers.length === 0 ? "" : `${use.consumers.join(", ")}, `;
    return `${node}: ${consumers}${call.moments.since(use.since)}`;
  });
}

const command = "volumes set";

const readServices = readList("services", command);
const readHosts = readList("hosts", command);
const readVolumeSize = readSize("size", command);
const readAccess = readChoice("access", command, ["shared", "exclusive", "readonly"]);
const readOnRemove = readChoice("on-remove", command, ["archive", "delete", "retain"]);
const readMountOptions = readList("mount-options", command);

const rules = {
  command,
  keys: new Map<string, (value: string) => VolumeChange>([
    // Left empty, the app's rule holds again.
    ["services", (value) => ({ services: value === "" ? null : readServices(value) })],
    ["hosts", (value) => ({ hosts: value === "" ? null : readHosts(value) })],
    ["access", (value) => ({ access: readAccess(value) })],
    ["size", (value) => ({ size: readVolumeSize(value) })],
    ["on-remove", (value) => ({ onRemove: readOnRemove(value) })],
    ["backup", (value) => ({ backup: value || "default" })],
    ["mount-options", (value) => ({ mountOptions: value === "" ? [] : readMountOptions(value) })],
  ]),
  fixed: ["app", "from", "gid", "mirror", "mode", "root", "squash", "uid"],
};

export async function setVolume(call: Call): Promise<ExitCode> {
  const [name = "", ...words] = call.operands;
  const changes = readAssignments(words, rules);
  const change: VolumeChange = Object.assign({}, ...changes.values());
  const before = await call.plugin.ask("Volume", { name }, `reading the volume "${name}"`);
  if (change.hosts && !(await acceptsLosses(call, [before], change.hosts))) return unchanged(call);
  const after = await call.plugin.ask(
    "SetVolume",
    { name, change },
    `changing the volume "${name}"`,
  );
  if (call.options.json) {
    call.screen.json(after);
    return 0;
  }
  showChange(
    call.screen,
    `volume "${name}"`,
    [...changes.keys()].map((key) => ({
      key,
      before: valueOf(before, key),
      after: valueOf(after, key),
    })),
  );
  return 0;
}

function valueOf({ record }: VolumeView, key: string): string {
  switch (key) {
    case "services":
      return record.services?.join(", ") ?? "as the app";
    case "hosts":
      return record.hosts?.join(", ") ?? "as the app";
    case "size":
      return record.size === null ? "none" : exactSize(record.size);
    case "mount-options":
      return record.mountOptions.join(",") || "none";
    case "on-remove":
      return record.onRemove;
    case "access":
      return record.access;
    default:
      return record.backup;
  }
}
