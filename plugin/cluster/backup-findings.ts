import { formatAge } from "../../service/age.ts";
import {
  backupReport,
  type BackupFacts,
  type VolumeBackup,
} from "../../storage/report/backup-report.ts";
import type { Finding } from "../../storage/verbs.ts";

/** What there is to say of backups, when the nodes are examined. Pure. */
export function backupFindings(facts: BackupFacts): Finding[] {
  const report = backupReport(facts);
  if (report === null)
    return [
      {
        level: "warning",
        title: "no backup service has ever been seen on this storage",
        advice: "What is on one server alone is lost with it. See docs/backup.md",
      },
    ];
  const { node, version, seenAt, isSilent, volumes } = report;
  const alive: Finding = isSilent
    ? {
        level: "problem",
        title: `the backup service on ${node} was last heard of ${formatAge(seenAt, facts.now)}`,
        advice:
          "Nothing is backed up while it does not run. Look at its container and its log there",
      }
    : { level: "ok", title: `the backup service ${version} runs on ${node}` };
  return [alive, ...volumeFindings(volumes, facts.now)];
}

function volumeFindings(volumes: readonly VolumeBackup[], now: number): Finding[] {
  const of = (...states: VolumeBackup["state"][]): readonly VolumeBackup[] =>
    volumes.filter(({ state }) => states.includes(state));
  const saved = of("ok", "late");
  const oldest = saved.flatMap(({ lastGood }) => lastGood ?? []).toSorted()[0];
  const age =
    oldest === undefined ? "" : `; the oldest last good backup is ${formatAge(oldest, now)}`;
  const findings: Finding[] = [
    { level: "ok", title: `${of("ok").length} volumes are backed up in time${age}` },
  ];
  const tell = (
    level: Finding["level"],
    bad: readonly VolumeBackup[],
    what: string,
    advice: string,
  ): void => {
    if (bad.length > 0) findings.push({ level, title: `${named(bad)}: ${what}`, advice });
  };
  tell("problem", of("suspect"), "looks destroyed", "See: swarmnfs backup status");
  tell("problem", of("late"), "no good backup for too long", "See: swarmnfs backup status");
  tell("warning", of("never"), "never backed up", "See: swarmnfs backup status");
  return findings;
}

function named(volumes: readonly VolumeBackup[]): string {
  const names = volumes.slice(0, 5).map(({ volume }) => volume);
  const more = volumes.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}
