import { formatDuration } from "../service/age.ts";
import { channelsOf } from "../service/notifier/telling.ts";
import { notifyValues } from "../service/notifier/notify-settings.ts";
import { spanText } from "../service/setting-values.ts";
import type { ConfigView } from "../storage/backup/verbs.ts";
import { parseKeep } from "./retention/keep.ts";
import { type BackupSettings, secretNames, variableNames } from "./settings.ts";

type Row = ConfigView["settings"][number];

/** What the service understood of its settings, row by row. Of a secret only where it comes from is shown. */
export function configView(settings: BackupSettings, environment: NodeJS.ProcessEnv): ConfigView {
  const values = understoodValues(settings);
  const secrets = new Set<string>(secretNames.flatMap((name) => [name, `${name}_FILE`]));
  const rows = variableNames
    .filter((name) => !secrets.has(name))
    .map((name): Row => ({
      name,
      value: values[name] ?? "",
      from: environment[name] ? "environment" : "default",
    }));
  const hidden = secretNames.map((name): Row => {
    const file = environment[`${name}_FILE`];
    if (environment[name]) return { name, value: "(set)", from: "environment" };
    return { name, value: file ? `in ${file}` : "", from: file ? "file" : "default" };
  });
  return {
    settings: [...rows, ...hidden].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    notes: notesOn(settings, environment),
  };
}

/** The value of every variable but the secrets as it was understood, in the way one would write it. */
export function understoodValues(settings: BackupSettings): Readonly<Record<string, string>> {
  const { webdav, notify, log } = settings;
  return {
    SWARMNFS_STORAGE: settings.storage,
    SWARMNFS_STORAGE_NAME: settings.storageName,
    SWARMNFS_NODE: settings.node,
    SWARMNFS_STATE: settings.state,
    SWARMNFS_CACHE: settings.cache,
    SWARMNFS_DOCKER: settings.docker ?? "off",
    SWARMNFS_HTTP_PORT: String(settings.httpPort),
    SWARMNFS_LOG_LEVEL: log.level,
    SWARMNFS_LOG_FORMAT: log.format,
    WEBDAV_CA_FILE: webdav.caFile ?? "",
    WEBDAV_PIN: webdav.pin ?? "",
    WEBDAV_REDIRECT_HOSTS: webdav.redirectHosts.join(","),
    SCHEDULE: settings.schedule,
    JITTER: spanText(settings.jitterMs),
    PARALLEL: String(settings.parallel),
    OVERDUE: spanText(settings.overdueMs),
    KEEP: settings.keep,
    PRUNE_SCHEDULE: settings.pruneSchedule,
    VERIFY_SCHEDULE: settings.verifySchedule,
    DRILL_SCHEDULE: settings.drillSchedule,
    SHRINK_LIMIT: `${Math.round(settings.shrinkLimit * 100)}%`,
    MIRROR: settings.mirror ? "on" : "off",
    NFS_CONFIGS: settings.nfsConfigs ? "on" : "off",
    PACK_SIZE: settings.packSize,
    UPLOAD_LIMIT: webdav.uploadLimit,
    DOWNLOAD_LIMIT: webdav.downloadLimit,
    NTP_SERVERS: settings.ntpServers.join(","),
    ...notifyValues(notify),
  };
}

/** What is allowed and probably not meant, in words for people. */
function notesOn(settings: BackupSettings, environment: NodeJS.ProcessEnv): string[] {
  const { notify, webdav, keep, overdueMs, storageName } = settings;
  const notes: string[] = [];
  if (channelsOf(notify).length === 0)
    notes.push(
      "nobody is told of problems: set one of NOTIFY_NTFY_URL, NOTIFY_WEBHOOK_URL, NOTIFY_SLACK_URL, NOTIFY_DISCORD_URL, NOTIFY_MAIL_URL",
    );
  if (notify.ping === null)
    notes.push(
      "nobody notices when this service is dead: set NOTIFY_PING_URL to a dead man's switch, as of healthchecks.io",
    );
  if (webdav.password === null)
    notes.push("the backup server is asked without a password: WEBDAV_USERNAME is not set");
  if (environment["BACKUP_PASSWORD"])
    notes.push(
      "BACKUP_PASSWORD is in the environment, which docker inspect shows. Put it into a file: BACKUP_PASSWORD_FILE",
    );
  if (!environment["SWARMNFS_STORAGE_NAME"])
    notes.push(
      `on the backup server this storage is called "${storageName}": a second storage on the same server needs a name of its own, SWARMNFS_STORAGE_NAME`,
    );
  if (parseKeep(keep).within < 7 * 86_400_000)
    notes.push(`KEEP=${keep} keeps everything for less than a week`);
  if (overdueMs === 0) notes.push("OVERDUE=0: nobody is told when backups do not happen");
  else if (overdueMs < 3_600_000)
    notes.push(`OVERDUE: after ${formatDuration(overdueMs)} without a backup people are told`);
  return notes;
}
