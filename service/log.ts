import { pino, type Logger } from "pino";

export type Log = Logger;

export interface LogSettings {
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  readonly format: "json" | "text";
}

/** A logger to standard output: a managed plugin's standard output is the engine's own log. */
export function createLog(name: string, settings: LogSettings): Log {
  const options = {
    name,
    level: settings.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ["*.password", "*.secret", "*.token"], censor: "[redacted]" },
  };
  if (settings.format === "json") return pino(options);
  return pino(options, { write: (line) => process.stdout.write(readable(line)) });
}

const levels = new Map([
  [10, "trace"],
  [20, "debug"],
  [30, "info"],
  [40, "warn"],
  [50, "error"],
  [60, "fatal"],
]);

/** `2026-03-01T09:14:02.113Z warn  message key=value`. */
function readable(line: string): string {
  const {
    time,
    level,
    msg,
    name: _name,
    err,
    ...rest
  } = JSON.parse(line) as Record<string, unknown>;
  const facts = Object.entries(rest).map(([key, value]) => ` ${key}=${word(value)}`);
  const stack =
    typeof err === "object" && err !== null && "stack" in err ? `\n${String(err.stack)}` : "";
  const label = (levels.get(Number(level)) ?? "info").padEnd(5);
  return `${String(time)} ${label} ${typeof msg === "string" ? msg : ""}${facts.join("")}${stack}\n`;
}

function word(value: unknown): string {
  return typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value);
}
