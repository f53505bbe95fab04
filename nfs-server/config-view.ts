import { notifySecretNames, notifyValues } from "../service/notifier/notify-settings.ts";
import { formatListenPlace } from "../service/listen-place.ts";
import { exactSize } from "../service/size.ts";
import type { AnswerOf } from "../storage/swarmnfs/protocol/routes.ts";
import type { DeclaredApp } from "./policy/declared-apps.ts";
import { formatHostRule, meansName } from "./policy/host-pattern.ts";
import type { Policy } from "./policy/policy.ts";
import type { ServerSettings, VariableName } from "./settings.ts";

type ConfigView = AnswerOf<"config">;
type Row = ConfigView["settings"][number];

/**
 * What the server understood of its settings and its policy file, row by row, for `print-config` and the control API. Of a
 * secret only where it comes from is shown.
 */
export function configView(
  settings: ServerSettings,
  policy: Policy,
  environment: NodeJS.ProcessEnv,
): ConfigView {
  const variables = Object.entries(understoodValues(settings)).map(([name, value]): Row => ({
    name,
    value,
    from: environment[name] ? "environment" : "default",
  }));
  const secrets = notifySecretNames.map((name): Row => {
    const file = environment[`${name}_FILE`];
    const value = environment[name] ? "(set)" : file ? `in ${file}` : "";
    return { name, value, from: value === "" ? "default" : "environment" };
  });
  const apps = policy.apps.map((app): Row => ({
    name: `app ${app.app}`,
    value: describeApp(app),
    from: settings.apps.includes(app) ? "environment" : "policy file",
  }));
  const grants = policy.static.map(({ volume, hosts, mode }): Row => ({
    name: `static ${volume}`,
    value: `${mode} for ${hosts.map(formatHostRule).join(", ")}`,
    from: "policy file",
  }));
  return {
    settings: [...variables, ...secrets, ...apps, ...grants],
    notes: notesOn(settings, policy),
  };
}

/** The value of every variable as it was understood, in the way one would write it. */
export function understoodValues(settings: ServerSettings): Readonly<Record<VariableName, string>> {
  return {
    SWARMNFS_DATA: settings.data,
    SWARMNFS_INTERFACE: settings.interface ?? "",
    SWARMNFS_ADDRESS: settings.address ?? "",
    SWARMNFS_CONTROL_PORT: String(settings.controlPort),
    SWARMNFS_ALLOWED_HOSTS: settings.allowedHosts.map(formatHostRule).join(","),
    SWARMNFS_APPS: settings.apps.map(({ app }) => app).join(","),
    SWARMNFS_STRICT: onOff(settings.strict),
    SWARMNFS_POLICY_FILE: settings.policyFile ?? "",
    SWARMNFS_ADMIN_NODES: settings.adminNodes.join(","),
    SWARMNFS_ROOT_NODES: settings.rootNodes.join(","),
    SWARMNFS_SERVER_NAME: settings.serverName ?? "",
    SWARMNFS_GRACE_SECONDS: String(settings.graceS),
    SWARMNFS_LEASE_SECONDS: String(settings.leaseS),
    SWARMNFS_THREADS: String(settings.threads),
    SWARMNFS_TRASH_DAYS: String(settings.trashDays),
    SWARMNFS_ON_REMOVE: settings.onRemove,
    SWARMNFS_LOG_LEVEL: settings.log.level,
    SWARMNFS_LOG_FORMAT: settings.log.format,
    SWARMNFS_METRICS: formatListenPlace(settings.metrics),
    SWARMNFS_REPORT: settings.report?.text ?? "off",
    SWARMNFS_FIREWALL: onOff(settings.firewall),
    SWARMNFS_TLS: onOff(settings.tls),
    ...notifyValues(settings.notify),
  };
}

function describeApp({ hosts, services, size }: DeclaredApp): string {
  const said = [
    ...(hosts === null ? [] : [`hosts=${hosts.join("|")}`]),
    ...(services === null
      ? []
      : [`services=${services === "first" ? services : services.join("|")}`]),
    ...(size === null ? [] : [`size=${exactSize(size)}`]),
  ];
  return said.join(" ") || "as its first volume says";
}

/** What is allowed and probably not meant, in words for people. */
function notesOn(
  { allowedHosts, adminNodes, rootNodes, strict }: ServerSettings,
  policy: Policy,
): string[] {
  const notes: string[] = [];
  if (strict && policy.declared("shared") === null)
    notes.push(
      'SWARMNFS_STRICT=on, and "shared" is not declared: volumes with app=shared are refused as well',
    );
  if (allowedHosts.some((rule) => rule.kind === "name" && rule.pattern === "*"))
    notes.push("SWARMNFS_ALLOWED_HOSTS=* lets every host that has a token join");
  for (const rule of allowedHosts) {
    if (rule.kind !== "range" || rule.bits > 0) continue;
    notes.push(`${formatHostRule(rule)} in SWARMNFS_ALLOWED_HOSTS is every address there is`);
  }
  const byNameAlone = allowedHosts.every(({ kind }) => kind === "name");
  for (const [variable, names] of [
    ["SWARMNFS_ADMIN_NODES", adminNodes],
    ["SWARMNFS_ROOT_NODES", rootNodes],
  ] as const)
    for (const node of byNameAlone ? names : [])
      if (!allowedHosts.some((rule) => meansName(rule, node)))
        notes.push(`${variable} names "${node}", which SWARMNFS_ALLOWED_HOSTS does not allow`);
  return notes;
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}
