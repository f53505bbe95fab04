import { isIP } from "node:net";
import path from "node:path";
import * as z from "zod";
import {
  type NotifySettings,
  notifySecretVariables,
  notifySettings,
  nobodyToTell,
  notifyVariables,
  reachesAnybody,
} from "../service/notifier/notify-settings.ts";
import { type ListenPlace, listenPlace } from "../service/listen-place.ts";
import { readSettings } from "../service/settings.ts";
import { UserError } from "../service/user-error.ts";
import { checkHost } from "../storage/rules/option-values.ts";
import { type Schedule, scheduleSetting } from "../storage/rules/schedule.ts";
import { type DeclaredApp, parseDeclaredApps } from "./policy/declared-apps.ts";
import {
  formatHostRule,
  type HostRule,
  isPlainName,
  parseHostRule,
  plainAddress,
} from "./policy/host-pattern.ts";

/** Where nodes speak NFS; their guards and their mounts know no other port. */
export const nfsPort = 2049;

/** How many seconds of grace and lease the kernel takes. Never 0: a node would lose its locks in a restart. */
const seconds = whole(10, 3600, "90");
const onOff = z.enum(["on", "off"]).default("off");

/** Every variable of the server. An empty one is the same as one that is not set. */
const variables = {
  SWARMNFS_DATA: z
    .string()
    .regex(/^\/./, "a directory is expected, beginning with /")
    .default("/nfs_volumes")
    .transform((text) => path.resolve(text)),
  SWARMNFS_INTERFACE: z
    .string()
    .regex(/^[^\s/]{1,15}$/, "the name of a network interface is expected, as wt0")
    .optional(),
  SWARMNFS_ADDRESS: understood(parseAddress).optional(),
  SWARMNFS_ALLOWED_HOSTS: understood((text) => listOf(text).map(parseHostRule)).default([
    { kind: "name", pattern: "*" },
  ]),
  SWARMNFS_APPS: understood(parseDeclaredApps).default([]),
  SWARMNFS_STRICT: onOff,
  SWARMNFS_POLICY_FILE: z
    .string()
    .regex(/^\/./, "the path of a file is expected, beginning with /")
    .optional(),
  SWARMNFS_ADMIN_NODES: understood(parseNames).default([]),
  SWARMNFS_ROOT_NODES: understood(parseNames).default([]),
  SWARMNFS_SERVER_NAME: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]{0,62}$/, "a name like that of a host is expected")
    .optional(),
  SWARMNFS_GRACE_SECONDS: seconds,
  SWARMNFS_LEASE_SECONDS: seconds,
  SWARMNFS_THREADS: whole(1, 1024, "16"),
  SWARMNFS_CONTROL_PORT: whole(1, 65_535, "2050"),
  SWARMNFS_TRASH_DAYS: whole(0, 9999, "30"),
  SWARMNFS_ON_REMOVE: z.enum(["archive", "delete", "retain"]).default("archive"),
  SWARMNFS_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
  SWARMNFS_LOG_FORMAT: z.enum(["json", "text"]).default("json"),
  SWARMNFS_METRICS: listenPlace.default(null),
  SWARMNFS_REPORT: scheduleSetting("off", 7),
  SWARMNFS_FIREWALL: onOff,
  SWARMNFS_TLS: onOff,
  ...notifyVariables,
};

/** How variables begin that somebody means for us. */
const prefixes = ["SWARMNFS_", "NOTIFY_"];

/** The storage node's settings. */
export interface ServerSettings {
  /** The data disk's directory, absolute. */
  readonly data: string;
  /** The interface whose address is served; null where an address is given. Exactly one of the two is. */
  readonly interface: string | null;
  readonly address: string | null;
  readonly controlPort: number;
  readonly nfsPort: number;
  /** Who may speak to this server at all; what apps and volumes say comes after. */
  readonly allowedHosts: readonly HostRule[];
  readonly apps: readonly DeclaredApp[];
  /** Apps that are not declared are refused. */
  readonly strict: boolean;
  readonly policyFile: string | null;
  /** Names of nodes that may do what administrators may. */
  readonly adminNodes: readonly string[];
  /** Names of nodes that may have the whole storage as a volume. */
  readonly rootNodes: readonly string[];
  /** What the server calls itself towards NFS clients (its scope); null: by the storage's id, which never changes. */
  readonly serverName: string | null;
  readonly graceS: number;
  readonly leaseS: number;
  readonly threads: number;
  readonly trashDays: number;
  /** What removing a volume means that says nothing of it. */
  readonly onRemove: "archive" | "delete" | "retain";
  readonly log: {
    readonly level: "trace" | "debug" | "info" | "warn" | "error";
    readonly format: "json" | "text";
  };
  /** Where Prometheus gets the server's numbers without a certificate; null: nowhere. */
  readonly metrics: ListenPlace | null;
  /** An nftables table that admits nobody but allowed hosts to NFS and the control API. */
  readonly firewall: boolean;
  /** NFS over TLS, and nothing else; both ends prove who they are (RFC 9289, mutual). */
  readonly tls: boolean;
  /** How people are told of problems. */
  readonly notify: NotifySettings;
  /** When people are sent a report; null: never. */
  readonly report: Schedule | null;
}

/** Throws `UserError` (invalid) for unknown variables, wrong values, and what contradicts itself. */
export function parseSettings(environment: NodeJS.ProcessEnv): ServerSettings {
  const shape = { ...variables, ...notifySecretVariables };
  const values = readSettings<typeof variables>(shape, environment, prefixes);
  const address = values.SWARMNFS_ADDRESS ?? null;
  const settings: ServerSettings = {
    data: values.SWARMNFS_DATA,
    interface: values.SWARMNFS_INTERFACE ?? (address === null ? "wt0" : null),
    address,
    controlPort: values.SWARMNFS_CONTROL_PORT,
    nfsPort,
    allowedHosts: values.SWARMNFS_ALLOWED_HOSTS,
    apps: values.SWARMNFS_APPS,
    strict: values.SWARMNFS_STRICT === "on",
    policyFile: values.SWARMNFS_POLICY_FILE ?? null,
    adminNodes: values.SWARMNFS_ADMIN_NODES,
    rootNodes: values.SWARMNFS_ROOT_NODES,
    serverName: values.SWARMNFS_SERVER_NAME ?? null,
    graceS: values.SWARMNFS_GRACE_SECONDS,
    leaseS: values.SWARMNFS_LEASE_SECONDS,
    threads: values.SWARMNFS_THREADS,
    trashDays: values.SWARMNFS_TRASH_DAYS,
    onRemove: values.SWARMNFS_ON_REMOVE,
    log: { level: values.SWARMNFS_LOG_LEVEL, format: values.SWARMNFS_LOG_FORMAT },
    metrics: values.SWARMNFS_METRICS,
    firewall: values.SWARMNFS_FIREWALL === "on",
    tls: values.SWARMNFS_TLS === "on",
    notify: notifySettings(values, environment),
    report: values.SWARMNFS_REPORT,
  };
  const faults = contradictions(settings);
  if (faults.length > 0)
    throw new UserError("invalid", `the settings contradict each other: ${faults.join("; ")}`);
  return settings;
}

/** What is no secret. */
export type VariableName = keyof typeof variables;

/** Names of everything that can be set. */
export const variableNames: readonly string[] = [
  ...Object.keys(variables),
  ...Object.keys(notifySecretVariables),
];

function contradictions(settings: ServerSettings): string[] {
  const { strict, apps, policyFile, firewall, allowedHosts, report, notify } = settings;
  const faults: string[] = [];
  if (report !== null && !reachesAnybody(notify)) faults.push(nobodyToTell(report.text));
  if (settings.interface !== null && settings.address !== null)
    faults.push(
      "SWARMNFS_INTERFACE and SWARMNFS_ADDRESS are both set. Set one: the interface is followed when its address changes",
    );
  if (strict && apps.length === 0 && policyFile === null)
    faults.push(
      "SWARMNFS_STRICT=on refuses every app that is not declared, and none is. Declare them in SWARMNFS_APPS or in a SWARMNFS_POLICY_FILE",
    );
  if (settings.leaseS > settings.graceS)
    faults.push(
      `SWARMNFS_GRACE_SECONDS=${settings.graceS} is shorter than SWARMNFS_LEASE_SECONDS=${settings.leaseS}: after a restart nodes would be too late to claim their locks. Make it as long at least`,
    );
  if (settings.controlPort === settings.nfsPort)
    faults.push(`SWARMNFS_CONTROL_PORT=${nfsPort} is the port of NFS itself. Choose another`);
  const { metrics, controlPort } = settings;
  if (metrics?.port === controlPort || metrics?.port === settings.nfsPort)
    faults.push(
      `SWARMNFS_METRICS is to be at port ${metrics.port}, which is that of ${metrics.port === nfsPort ? "NFS itself" : "the control API"}. Choose another`,
    );
  const vague = firewall
    ? allowedHosts.filter((rule) => rule.kind === "name" && !isPlainName(rule))
    : [];
  if (vague.length > 0)
    faults.push(
      `SWARMNFS_FIREWALL=on needs names, addresses or networks in SWARMNFS_ALLOWED_HOSTS: who is meant by ${vague.map(formatHostRule).join(", ")} cannot be told before a node has said its name`,
    );
  return faults;
}

/** A value that a parser of ours understands; its `UserError` becomes what is said of the variable. */
function understood<Value>(parse: (text: string) => Value) {
  return z.string().transform((text, context): Value => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  });
}

function whole(least: number, most: number, usual: string) {
  return z
    .string()
    .default(usual)
    .transform((text, context): number => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
      if (value >= least && value <= most) return value;
      context.addIssue(`a whole number from ${least} to ${most} is expected`);
      return z.NEVER;
    });
}

function parseAddress(text: string): string {
  const address = plainAddress(text);
  if (isIP(address) === 0)
    throw new UserError(
      "invalid",
      "an address of this machine is expected, as 10.0.0.5. For a network interface: SWARMNFS_INTERFACE",
    );
  if (address === "0.0.0.0" || address === "::")
    throw new UserError(
      "invalid",
      "that is every address of this machine, and only one is served: that of the network of your nodes",
    );
  return address;
}

/** Names of nodes, none of which may be a pattern: what they may do is too much to be given by accident. */
function parseNames(text: string): readonly string[] {
  return listOf(text).map((name) => {
    checkHost(name);
    if (/[*?]/.test(name))
      throw new UserError("invalid", `"${name}" is a pattern. Name each node by itself`);
    return name;
  });
}

function listOf(text: string): readonly string[] {
  const words = text
    .split(/[,|\s]/)
    .map((word) => word.trim())
    .filter(Boolean);
  if (words.length === 0)
    throw new UserError("invalid", "it names nobody. Leave the variable out for the default");
  return [...new Set(words)];
}
