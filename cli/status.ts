import { formatSize } from "../service/size.ts";
import type { StorageHealth } from "../storage/storage.ts";
import type { PluginStatus } from "../storage/verbs.ts";
import { version } from "../service/version.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Fact } from "./screen.ts";
import type { Part, Tone } from "./terminal.ts";

/** Exit code 1 while the storage cannot be used, so that a script may ask. */
export async function showStatus(call: Call): Promise<ExitCode> {
  const status = await call.plugin.ask("Status", {}, "asking the plugin how it is");
  if (call.options.json) {
    call.screen.json(status);
  } else {
    call.screen.facts(statusFacts(status, call));
  }
  return isUsable(status) ? 0 : 1;
}

function isUsable(status: PluginStatus): boolean {
  return (
    status.trouble === null &&
    status.health?.state !== "read-only" &&
    status.health?.state !== "full"
  );
}

function statusFacts(status: PluginStatus, call: Call): Fact[] {
  return [
    ["node", status.node],
    ["plugin", ...pluginLines(status)],
    ["storage", status.storage, ...storageLines(status, call)],
    ["docker", dockerWords[status.docker.state]],
    ["volumes", volumesLine(status)],
    ...warningFacts(status),
    ...damageFacts(status),
  ];
}

function pluginLines(status: PluginStatus): Part[] {
  const driver =
    status.docker.driver === null ? "" : `, known to Docker as "${status.docker.driver}"`;
  const line = `${status.version}${driver}`;
  if (status.version === version) return [line];
  return [
    line,
    { text: `this command is ${version}: use the one that came with the plugin`, tone: "look" },
  ];
}

function storageLines({ trouble, health }: PluginStatus, call: Call): Part[] {
  if (trouble !== null) {
    return [
      {
        text: `cannot be used ${call.moments.since(trouble.since)}: ${trouble.reason}`,
        tone: "act",
      },
    ];
  }
  if (health === null) return [{ text: "not looked at yet", tone: "look" }];
  const room = `${formatSize(health.free)} free of ${formatSize(health.total)}`;
  const notes = health.notes.map((note): Part => ({ text: note, tone: "look" }));
  const { words, tone } = roomWords[health.state];
  return [{ text: `${words}, ${room}`, tone }, ...notes];
}

const roomWords: Record<StorageHealth["state"], { words: string; tone: Tone }> = {
  ok: { words: "ok", tone: "fine" },
  "nearly-full": { words: "nearly full", tone: "look" },
  "read-only": { words: "read-only: nothing can be written", tone: "act" },
  full: { words: "full", tone: "act" },
};

const dockerWords: Record<PluginStatus["docker"]["state"], Part> = {
  ok: { text: "answers", tone: "fine" },
  off: { text: "not asked (SWARMNFS_DOCKER=off)", tone: "look" },
  silent: {
    text: "does not answer: who may mount is decided by what is remembered",
    tone: "look",
  },
};

function volumesLine({ volumes, mounted }: PluginStatus): string {
  return `${volumes}, ${mounted} mounted on this node`;
}

function warningFacts({ warnings = [] }: PluginStatus): Fact[] {
  return warnings.map((text): Fact => ["warning", { text, tone: "look" }]);
}

function damageFacts({ damaged }: PluginStatus): Fact[] {
  if (damaged.length === 0) return [];
  const lines = damaged.map((damage): Part => ({
    text: `${damage.file}: ${damage.reason}`,
    tone: "act",
  }));
  return [
    ["damaged", `${plural(damaged.length, "record")} cannot be read and left alone:`, ...lines],
  ];
}
