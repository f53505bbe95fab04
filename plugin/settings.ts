import { hostname } from "node:os";
import * as z from "zod";
import { type ListenPlace, listenPlace } from "../service/listen-place.ts";
import {
  type NotifySettings,
  notifySecretVariables,
  notifySettings,
  notifyVariables,
  nobodyToTell,
  reachesAnybody,
} from "../service/notifier/notify-settings.ts";
import { readSettings } from "../service/settings.ts";
import { UserError } from "../service/user-error.ts";
import { type CleanSettings, cleanSettings, cleanVariables } from "./waste/clean-settings.ts";
import { parseOptions } from "../storage/rules/options.ts";
import { type Schedule, scheduleSetting } from "../storage/rules/schedule.ts";

const list = z.string().transform((text) =>
  text
    .split(/[,|]/)
    .map((word) => word.trim())
    .filter(Boolean),
);

/** Every variable of the plugin. config.json offers the same ones, with the same defaults. */
const variables = {
  SWARMNFS_STORAGE: z.string().default("dir:///var/lib/swarmnfs/data"),
  SWARMNFS_NODE: z.string().default(hostname()),
  SWARMNFS_DEFAULT_OPTIONS: z
    .string()
    .default("")
    .transform((text, context) => {
      const options: [string, string][] = [];
      for (const word of text
        .split(",")
        .map((part) => part.trim())
        .filter(Boolean)) {
        const at = word.indexOf("=");
        if (at < 1) {
          context.addIssue(
            `"${word}" is not key=value. Write: mode=0750,backup=off (lists with |: hosts=node1|node2)`,
          );
          return z.NEVER;
        }
        options.push([word.slice(0, at), word.slice(at + 1)]);
      }
      const defaults = Object.fromEntries(options);
      try {
        // Whoever creates a volume should not be told of an option that they did not ask for.
        parseOptions(null, defaults);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        context.addIssue(error.message);
        return z.NEVER;
      }
      return defaults;
    }),
  SWARMNFS_ON_REMOVE: z.enum(["archive", "delete", "retain"]).default("archive"),
  SWARMNFS_TRASH_DAYS: z
    .string()
    .regex(/^\d{1,4}$/, "a number of days is expected, as 30")
    .default("30")
    .transform(Number),
  SWARMNFS_ROOT_SERVICES: list.default(["swarmnfs_backup"]),
  SWARMNFS_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
  SWARMNFS_LOG_FORMAT: z.enum(["json", "text"]).default("json"),
  SWARMNFS_DOCKER: z
    .string()
    .regex(/^(off|\/.+)$/, "the path of Docker's socket is expected, or off")
    .default("/run/docker.sock"),
  SWARMNFS_WITHOUT_DOCKER: z.enum(["refuse", "trust-node"]).default("refuse"),
  SWARMNFS_RESTART: z.enum(["on", "off"]).default("on"),
  SWARMNFS_GUARD: z.enum(["on", "off"]).default("on"),
  SWARMNFS_JOIN_TOKEN: z.string().optional(),
  SWARMNFS_JOIN_TOKEN_FILE: z
    .string()
    .regex(/^\//, "the absolute path of a file is expected")
    .optional(),
  /** Set by config.json: paths of the host are seen below /host. */
  SWARMNFS_MANAGED: z.enum(["0", "1"]).default("0"),
  SWARMNFS_METRICS: listenPlace.default(null),
  SWARMNFS_REPORT: scheduleSetting("off", 7),
  ...cleanVariables,
  SWARMNFS_SOCKET: z.string().default("/run/docker/plugins/swarmnfs.sock"),
  /** Where a plain process keeps its state and its mounts. */
  SWARMNFS_STATE: z.string().optional(),
  SWARMNFS_MOUNTS: z.string().optional(),
  ...notifyVariables,
};

/** How variables begin that somebody means for us. */
const prefixes = ["SWARMNFS_", "NOTIFY_"];

/** The plugin's settings, with every path as this process sees it. */
export interface Settings {
  readonly storage: string;
  readonly node: string;
  readonly defaultOptions: Readonly<Record<string, string>>;
  readonly trashDays: number;
  readonly rootServices: readonly string[];
  readonly log: {
    readonly level: "trace" | "debug" | "info" | "warn" | "error";
    readonly format: "json" | "text";
  };
  /** Docker's socket, or null: switched off. */
  readonly docker: string | null;
  readonly withoutDocker: "refuse" | "trust-node";
  readonly restart: boolean;
  /** Keep containers from speaking NFS to the storage's server by themselves. */
  readonly guard: boolean;
  /** The token with which this node joins a storage node, or the file that holds it, as the host sees it; null: none. */
  readonly joinToken: { readonly text: string } | { readonly file: string } | null;
  /** Where Prometheus gets this node's numbers; null: nowhere. */
  readonly metrics: ListenPlace | null;
  readonly managed: boolean;
  readonly state: string;
  readonly mounts: string;
  /** Where a storage on a server is mounted as a whole, for this process alone. */
  readonly wholeStorage: string;
  /** How people are told of problems. */
  readonly notify: NotifySettings;
  /** When people are sent a report of the storage; null: never, or the storage node does. */
  readonly report: Schedule | null;
  /** What is cleaned up without being asked each time; null: nothing. */
  readonly clean: CleanSettings | null;
  /** The driver's name until the engine has told it. */
  readonly driver: string;
}

/** Throws `UserError` (invalid) for unknown variables and wrong values. */
export function parseSettings(environment: NodeJS.ProcessEnv): Settings {
  const shape = { ...variables, ...notifySecretVariables };
  const values = readSettings<typeof variables>(shape, environment, prefixes);
  const managed = values.SWARMNFS_MANAGED === "1";
  const docker = values.SWARMNFS_DOCKER === "off" ? null : values.SWARMNFS_DOCKER;
  const notify = notifySettings(values, environment, (file) => fileSeenFromHere(file, managed));
  return {
    storage: values.SWARMNFS_STORAGE,
    node: values.SWARMNFS_NODE,
    defaultOptions: { "on-remove": values.SWARMNFS_ON_REMOVE, ...values.SWARMNFS_DEFAULT_OPTIONS },
    trashDays: values.SWARMNFS_TRASH_DAYS,
    rootServices: values.SWARMNFS_ROOT_SERVICES,
    log: { level: values.SWARMNFS_LOG_LEVEL, format: values.SWARMNFS_LOG_FORMAT },
    docker: docker === null ? null : seenFromHere(docker, managed),
    withoutDocker: values.SWARMNFS_WITHOUT_DOCKER,
    restart: values.SWARMNFS_RESTART === "on",
    guard: values.SWARMNFS_GUARD === "on",
    joinToken: joinToken(values.SWARMNFS_JOIN_TOKEN, values.SWARMNFS_JOIN_TOKEN_FILE),
    metrics: values.SWARMNFS_METRICS,
    managed,
    ...places(managed, values.SWARMNFS_STATE, values.SWARMNFS_MOUNTS),
    notify,
    clean: cleanSettings(values, docker),
    report: reports(values.SWARMNFS_REPORT, values.SWARMNFS_STORAGE, notify),
    driver: "swarmnfs",
  };
}

function reports(
  report: Schedule | null,
  storage: string,
  notify: NotifySettings,
): Schedule | null {
  if (report === null) return null;
  if (/^swarmnfs:/i.test(storage))
    throw new UserError(
      "invalid",
      `the settings cannot be used: with ${storage} reports are sent by the storage node. Set SWARMNFS_REPORT=${report.text} there, and SWARMNFS_REPORT=off here`,
    );
  if (!reachesAnybody(notify))
    throw new UserError("invalid", `the settings cannot be used: ${nobodyToTell(report.text)}`);
  return report;
}

function joinToken(text: string | undefined, file: string | undefined): Settings["joinToken"] {
  if (text !== undefined && file !== undefined)
    throw new UserError(
      "invalid",
      "the settings cannot be used: SWARMNFS_JOIN_TOKEN and SWARMNFS_JOIN_TOKEN_FILE say the same thing twice. Empty one of them",
    );
  if (text !== undefined) return { text };
  return file === undefined ? null : { file };
}

/** Where state and mounts lie: fixed in the plugin's container, free for a plain process. */
export function places(
  managed: boolean,
  state: string | undefined,
  mounts: string | undefined,
): { readonly state: string; readonly mounts: string; readonly wholeStorage: string } {
  // Not below the mounts: Docker shows the host what is mounted there.
  if (managed)
    return {
      state: "/host/state/swarmnfs",
      mounts: "/mnt/volumes",
      wholeStorage: "/mnt/storage",
    };
  return {
    state: state ?? "/var/lib/swarmnfs",
    mounts: mounts ?? "/run/swarmnfs/volumes",
    wholeStorage: "/run/swarmnfs/storage",
  };
}

/** The host's `/run` is bound at `/host/run` in the plugin; `/var/run` is the same place. */
export function seenFromHere(path: string, managed: boolean): string {
  return managed ? path.replace(/^(\/var)?\/run\//, "/host/run/") : path;
}

/** A file of the host, as far as config.json shows them: below `/run`, and below `/var/lib`. */
function fileSeenFromHere(path: string, managed: boolean): string {
  return managed ? seenFromHere(path, true).replace(/^\/var\/lib\//, "/host/state/") : path;
}
