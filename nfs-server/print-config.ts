import { exactSize } from "../service/size.ts";
import { UserError } from "../service/user-error.ts";
import { formatHostRule } from "./policy/host-pattern.ts";
import { loadPolicy, type Policy } from "./policy/policy.ts";
import { parseSettings, type ServerSettings, type VariableName } from "./settings.ts";

/** Where it goes, and how a policy file is read: the process's own, or a test's. */
export interface PrintEffects {
  readonly write: (text: string) => void;
  readonly read?: (file: string) => Promise<string>;
}

/**
 * Prints what the server understood of its settings and its policy file, for people or (`--json`) for programs. No
 * setting of the server is a secret. Answers the exit code: 0, 1 where the server would refuse to start, 2 for wrong usage.
 */
export async function printConfig(
  environment: NodeJS.ProcessEnv,
  args: readonly string[],
  { write, read }: PrintEffects,
): Promise<number> {
  const unknown = args.find((word) => word !== "--json");
  if (unknown !== undefined) {
    write(`print-config knows --json, and not "${unknown}"\n`);
    return 2;
  }
  try {
    const settings = parseSettings(environment);
    const policy = await loadPolicy(settings, read);
    write(args.length > 0 ? asJson(settings, policy) : asTables(settings, policy, environment));
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    write(`${error.message}\n`);
    return 1;
  }
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
    SWARMNFS_ROOT_NODES: "",
    SWARMNFS_SERVER_NAME: settings.serverName ?? "",
    SWARMNFS_GRACE_SECONDS: String(settings.graceS),
    SWARMNFS_LEASE_SECONDS: String(settings.leaseS),
    SWARMNFS_THREADS: String(settings.threads),
    SWARMNFS_TRASH_DAYS: String(settings.trashDays),
    SWARMNFS_ON_REMOVE: settings.onRemove,
    SWARMNFS_LOG_LEVEL: settings.log.level,
    SWARMNFS_LOG_FORMAT: settings.log.format,
    SWARMNFS_FIREWALL: onOff(settings.firewall),
    SWARMNFS_TLS: onOff(settings.tls),
  };
}

function asJson(settings: ServerSettings, { apps, static: grants }: Policy): string {
  const { allowedHosts, ...rest } = settings;
  const shown = {
    ...rest,
    allowedHosts: allowedHosts.map(formatHostRule),
    apps,
    static: grants.map((grant) => ({ ...grant, hosts: grant.hosts.map(formatHostRule) })),
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

function asTables(
  settings: ServerSettings,
  policy: Policy,
  environment: NodeJS.ProcessEnv,
): string {
  const values = Object.entries(understoodValues(settings)).map(([name, value]) => [
    name,
    value || "–",
    environment[name] ? "set" : "default",
  ]);
  const apps = policy.apps.map(({ app, hosts, services, size }) => [
    app,
    hosts?.join(", ") ?? "as its first volume",
    (typeof services === "string" ? services : services?.join(", ")) ?? "as its first volume",
    size === null ? "–" : exactSize(size),
  ]);
  const grants = policy.static.map(({ volume, hosts, mode }) => [
    volume,
    hosts.map(formatHostRule).join(", "),
    mode,
  ]);
  return [
    table(["VARIABLE", "VALUE", "FROM"], values),
    apps.length > 0 ? table(["APP", "HOSTS", "SERVICES", "SIZE"], apps) : "",
    grants.length > 0 ? table(["VOLUME WITHOUT PLUGIN", "HOSTS", "MODE"], grants) : "",
  ]
    .filter(Boolean)
    .join("\n");
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) =>
    Math.max(...lines.map((row) => row[column]?.length ?? 0)),
  );
  return lines
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}
