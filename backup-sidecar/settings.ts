import { hostname } from "node:os";
import * as z from "zod";
import {
  type NotifySettings,
  notifySecretNames,
  notifySettings,
  notifyVariables,
} from "../service/notifier/notify-settings.ts";
import { givenSecret, type Secret } from "../service/secret.ts";
import {
  checked,
  file,
  listOf,
  percent,
  span,
  switchOf,
  whole,
} from "../service/setting-values.ts";
import { readSettings } from "../service/settings.ts";
import { UserError } from "../service/user-error.ts";
import { checkCron } from "../storage/rules/cron.ts";
import { parsePackSize } from "./engine/pack-size.ts";
import { parseLimit } from "./repository/http/bandwidth.ts";
import type { WebdavSettings } from "./repository/target/webdav-target.ts";
import { parseKeep } from "./retention/keep.ts";

/** Every variable begins with one of these, or is a single word that is listed below. */
const prefixes = ["SWARMNFS_", "WEBDAV_", "BACKUP_", "NOTIFY_"];

/** Given as `NAME` or as `NAME_FILE`; never shown. */
export const secretNames = [
  "WEBDAV_URL",
  "WEBDAV_USERNAME",
  "WEBDAV_PASSWORD",
  "BACKUP_PASSWORD",
  ...notifySecretNames,
] as const;
type SecretName = (typeof secretNames)[number];

const anything = z.string().optional();

/** Every variable of the backup service but the secrets. An empty one is the same as one that is not set. */
const plain = {
  SWARMNFS_STORAGE: z
    .string()
    .regex(
      /^dir:\/\/\/[^?#]+$/,
      "the storage as a directory of this container is expected, as dir:///storage; what must be mounted there is for the plugin to say",
    )
    .default("dir:///storage"),
  SWARMNFS_STORAGE_NAME: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      "a name is expected that every server can hold: letters, digits, dots, dashes, and no blanks",
    )
    .default("storage"),
  SWARMNFS_NODE: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/, "a name like that of a host is expected")
    .default(hostname()),
  SWARMNFS_STATE: file("/var/lib/swarmnfs"),
  SWARMNFS_CACHE: file("/var/cache/swarmnfs"),
  SWARMNFS_DOCKER: z
    .string()
    .regex(/^(off|\/.+)$/, "the path of Docker's socket is expected, or off")
    .default("/run/docker.sock"),
  SWARMNFS_HTTP_PORT: whole(1, 65_535, "2060"),
  SWARMNFS_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
  SWARMNFS_LOG_FORMAT: z.enum(["json", "text"]).optional(),
  WEBDAV_CA_FILE: file(),
  WEBDAV_PIN: z
    .string()
    .regex(
      /^(?:sha256:)?(?:[0-9a-fA-F]{2}:?){32}$/,
      "the SHA-256 fingerprint of the server's certificate is expected, 64 hexadecimal digits",
    )
    .optional(),
  WEBDAV_REDIRECT_HOSTS: listOf(),
  SCHEDULE: cron("0 */6 * * *"),
  JITTER: span("30m"),
  PARALLEL: whole(1, 64, "2"),
  OVERDUE: span("1d"),
  KEEP: checked("180d", parseKeep),
  PRUNE_SCHEDULE: cron("0 4 * * 0"),
  VERIFY_SCHEDULE: cron("0 2 * * *"),
  DRILL_SCHEDULE: cron("0 5 * * 6"),
  SHRINK_LIMIT: percent("50%"),
  MIRROR: switchOf("off"),
  NFS_CONFIGS: switchOf("on"),
  PACK_SIZE: checked("auto", parsePackSize),
  UPLOAD_LIMIT: checked("off", parseLimit),
  DOWNLOAD_LIMIT: checked("off", parseLimit),
  NTP_SERVERS: listOf("0.pool.ntp.org,1.pool.ntp.org,2.pool.ntp.org"),
  ...notifyVariables,
} as const;

/** The backup service's settings. */
export interface BackupSettings {
  /** The storage, as a directory of this container: `dir:///storage`. */
  readonly storage: string;
  /** What it is called on the backup server. */
  readonly storageName: string;
  readonly node: string;
  /** Directories of ours: what must last, and what may be lost at any time. */
  readonly state: string;
  readonly cache: string;
  /** Docker's socket, or null: switched off. */
  readonly docker: string | null;
  /** Where /health and /metrics are. */
  readonly httpPort: number;
  readonly log: {
    readonly level: "trace" | "debug" | "info" | "warn" | "error";
    readonly format: "json" | "text";
  };
  readonly webdav: WebdavSettings;
  /** Of all repositories. */
  readonly password: Secret;
  /** Cron expressions, in the time zone of TZ. */
  readonly schedule: string;
  readonly pruneSchedule: string;
  readonly verifySchedule: string;
  readonly drillSchedule: string;
  readonly jitterMs: number;
  /** How many apps at once. */
  readonly parallel: number;
  /** So long without a good backup is told to people. */
  readonly overdueMs: number;
  /** As written; understood by the retention itself. */
  readonly keep: string;
  /** 0 … 1: a source that lost more than this share is suspect. */
  readonly shrinkLimit: number;
  readonly mirror: boolean;
  /** Whether the catalog and the storage node's configuration are backed up as an app. */
  readonly nfsConfigs: boolean;
  /** `auto`, or how large packs are made; understood by the engine. */
  readonly packSize: string;
  readonly ntpServers: readonly string[];
  readonly notify: NotifySettings;
}

/** Names of everything that can be set. */
export const variableNames: readonly string[] = [
  ...Object.keys(plain),
  ...secretNames.flatMap((name) => [name, `${name}_FILE`]),
];

/** Throws `UserError` (invalid) for unknown variables, wrong values, and what is missing or contradicts itself. */
export function parseSettings(environment: NodeJS.ProcessEnv, isTerminal = false): BackupSettings {
  const shape = {
    ...plain,
    ...Object.fromEntries(
      secretNames.flatMap((name) => [
        [name, anything],
        [`${name}_FILE`, anything],
      ]),
    ),
  };
  const values = readSettings<typeof plain>(shape, environment, prefixes);
  const secret = (name: SecretName): Secret | null => givenSecret(name, environment);
  const needed = (name: SecretName, what: string): Secret => {
    const given = secret(name);
    if (given === null)
      throw new UserError(
        "invalid",
        `the settings cannot be used: ${what}. Set ${name}_FILE (a secret) or ${name}`,
      );
    return given;
  };
  return {
    storage: values.SWARMNFS_STORAGE,
    storageName: values.SWARMNFS_STORAGE_NAME,
    node: values.SWARMNFS_NODE,
    state: values.SWARMNFS_STATE ?? "",
    cache: values.SWARMNFS_CACHE ?? "",
    docker: values.SWARMNFS_DOCKER === "off" ? null : values.SWARMNFS_DOCKER,
    httpPort: values.SWARMNFS_HTTP_PORT,
    log: {
      level: values.SWARMNFS_LOG_LEVEL,
      format: values.SWARMNFS_LOG_FORMAT ?? (isTerminal ? "text" : "json"),
    },
    webdav: {
      url: needed("WEBDAV_URL", "nothing says where backups go"),
      ...credentials(secret("WEBDAV_USERNAME"), secret("WEBDAV_PASSWORD")),
      caFile: values.WEBDAV_CA_FILE ?? null,
      pin:
        values.WEBDAV_PIN?.replace(/^sha256:/, "")
          .replaceAll(":", "")
          .toLowerCase() ?? null,
      redirectHosts: values.WEBDAV_REDIRECT_HOSTS,
      uploadLimit: values.UPLOAD_LIMIT,
      downloadLimit: values.DOWNLOAD_LIMIT,
    },
    password: needed(
      "BACKUP_PASSWORD",
      "backups are encrypted, and nothing says by which password. Choose one and keep a copy elsewhere: without it nothing can be restored",
    ),
    schedule: values.SCHEDULE,
    pruneSchedule: values.PRUNE_SCHEDULE,
    verifySchedule: values.VERIFY_SCHEDULE,
    drillSchedule: values.DRILL_SCHEDULE,
    jitterMs: values.JITTER,
    parallel: values.PARALLEL,
    overdueMs: values.OVERDUE,
    keep: values.KEEP,
    shrinkLimit: values.SHRINK_LIMIT,
    mirror: values.MIRROR,
    nfsConfigs: values.NFS_CONFIGS,
    packSize: values.PACK_SIZE,
    ntpServers: values.NTP_SERVERS,
    notify: notifySettings(values, environment),
  };
}

function credentials(
  username: Secret | null,
  password: Secret | null,
): Pick<WebdavSettings, "username" | "password"> {
  if ((username === null) !== (password === null))
    throw new UserError(
      "invalid",
      "the settings cannot be used: WEBDAV_USERNAME and WEBDAV_PASSWORD belong together, and one of them is missing",
    );
  return { username, password };
}

/** A cron expression of five fields, left as it is. */
function cron(usual: string) {
  return checked(usual, checkCron);
}
