import test from "ava";
import * as z from "zod";
import { understoodValues as backupValues } from "../../backup-sidecar/config-view.ts";
import {
  parseSettings as parseBackupSettings,
  secretNames as backupSecrets,
  variableNames as backupVariables,
} from "../../backup-sidecar/settings.ts";
import { notifySecretNames, notifyVariables } from "../../service/notifier/notify-settings.ts";
import { understoodValues } from "../../nfs-server/config-view.ts";
import { parseSettings as parseServerSettings, variableNames } from "../../nfs-server/settings.ts";
import { parseSettings } from "../../plugin/settings.ts";
import { codeIn, onlyCode, read, tableOf } from "./document.ts";

const manifest = z
  .object({
    env: z.array(
      z.object({ name: z.string(), value: z.string(), settable: z.array(z.string()).optional() }),
    ),
    mounts: z.array(
      z.object({ name: z.string(), source: z.string(), settable: z.array(z.string()) }),
    ),
  })
  .parse(JSON.parse(await read("config.json")));
const document = await read("docs/settings.md");
const rows = tableOf(document, "variables");
const notifyRows = tableOf(document, "notify-variables");
const notifyNames = notifyRows.map(([name = ""]) => onlyCode(name) ?? "");
const notifyFiles = new Set<string>(notifySecretNames.map((name) => `${name}_FILE`));
const told = new Map(
  [...rows, ...notifyRows].map(([name = "", value = ""]) => [
    onlyCode(name) ?? "",
    onlyCode(value),
  ]),
);

/** Only a plain process has them: in the plugin's container these places are fixed. */
const plainOnly = new Set(["SWARMNFS_MOUNTS", "SWARMNFS_SOCKET", "SWARMNFS_STATE"]);
/** Not a setting: config.json says with it that this is the managed plugin. */
const fixed = "SWARMNFS_MANAGED";

test("docs/settings.md has a row for every variable of the plugin, and for nothing else", (t) => {
  const names = [...told.keys(), ...notifyFiles];
  t.deepEqual(names.toSorted(), knownVariables());
});

test("config.json offers every variable of the plugin that can be set there", (t) => {
  const offered = manifest.env.map(({ name }) => name).toSorted();
  t.deepEqual(
    offered,
    knownVariables().filter((name) => !plainOnly.has(name)),
  );
  for (const { name, settable } of manifest.env)
    t.is(settable?.includes("value") ?? false, name !== fixed, name);
});

test("config.json has the defaults of the code", (t) => {
  const environment = Object.fromEntries(manifest.env.map(({ name, value }) => [name, value]));
  t.deepEqual(parseSettings(environment), parseSettings({ [fixed]: "1" }));
});

test("docs/settings.md has the defaults of config.json", (t) => {
  for (const { name, value } of manifest.env) {
    if (name !== fixed) t.is(told.get(name) ?? "", value, name);
  }
});

test("docs/settings.md has the defaults of the code", async (t) => {
  for (const [name, value] of told) {
    if (value !== null) t.deepEqual(parseSettings({ [name]: value }), parseSettings({}), name);
  }
  const socket = told.get("SWARMNFS_SOCKET") ?? "";
  t.true((await read("plugin/entry.ts")).includes(`|| "${socket}"`));
});

test("every value that docs/settings.md offers is understood", (t) => {
  for (const [name = "", , values = ""] of [...rows, ...notifyRows]) {
    const variable = onlyCode(name) ?? "";
    for (const value of codeIn(values))
      t.notThrows(
        () => parseSettings({ ...beside(variable), [variable]: value }),
        `${variable}=${value}`,
      );
  }
});

test("docs/settings.md has the host directories of config.json", (t) => {
  const directories = tableOf(document, "mounts").map(([name = "", source = ""]) => [
    onlyCode(name),
    onlyCode(source),
  ]);
  t.deepEqual(
    directories,
    manifest.mounts.map(({ name, source }) => [name, source]),
  );
  for (const { name, settable } of manifest.mounts) t.deepEqual(settable, ["source"], name);
});

test("docs/settings.md has a row for every variable by which people are told, and for nothing else", (t) => {
  const names = [...Object.keys(notifyVariables), ...notifySecretNames];
  t.deepEqual(notifyNames.toSorted(), names.toSorted());
});

const serverRows = tableOf(document, "server-variables");

test("docs/settings.md has a row for every variable of the storage node, and for nothing else", (t) => {
  t.deepEqual(
    [...serverRows.map(([name = ""]) => onlyCode(name) ?? ""), ...notifyNames].toSorted(),
    variableNames.filter((name) => !notifyFiles.has(name)).toSorted(),
  );
});

test("docs/settings.md has the storage node's defaults", (t) => {
  const usual = new Map(Object.entries(understoodValues(parseServerSettings({}))));
  for (const [name = "", value = ""] of [...serverRows, ...notifyRows])
    t.is(onlyCode(value) ?? "", usual.get(onlyCode(name) ?? "") ?? "", name);
});

test("every value that docs/settings.md offers for the storage node is understood", (t) => {
  for (const [name = "", , values = ""] of serverRows) {
    for (const value of codeIn(values)) {
      const variable = onlyCode(name) ?? "";
      // What contradicts the default of another variable is no fault of the value.
      const others: Readonly<Record<string, NodeJS.ProcessEnv>> = {
        SWARMNFS_STRICT: { SWARMNFS_APPS: "blog" },
        SWARMNFS_REPORT: beside("SWARMNFS_REPORT"),
        SWARMNFS_GRACE_SECONDS: { SWARMNFS_LEASE_SECONDS: "10" },
        SWARMNFS_LEASE_SECONDS: { SWARMNFS_GRACE_SECONDS: "3600" },
        SWARMNFS_FIREWALL: { SWARMNFS_ALLOWED_HOSTS: "node1" },
      };
      t.notThrows(
        () => parseServerSettings({ ...others[variable], [variable]: value }),
        `${variable}=${value}`,
      );
    }
  }
});

const backupRows = tableOf(document, "backup-variables");
const needed = { WEBDAV_URL: "https://nas.example.org/", BACKUP_PASSWORD: "x" };

test("docs/settings.md has a row for every variable of the backup service, and for nothing else", (t) => {
  const secrets = new Set<string>(backupSecrets.map((name) => `${name}_FILE`));
  t.deepEqual(
    [...backupRows.map(([name = ""]) => onlyCode(name) ?? ""), ...notifyNames].toSorted(),
    backupVariables.filter((name) => !secrets.has(name)).toSorted(),
  );
});

test("docs/settings.md has the backup service's defaults", (t) => {
  const usual = backupValues(parseBackupSettings(needed));
  for (const [name = "", value = ""] of [...backupRows, ...notifyRows]) {
    const variable = onlyCode(name) ?? "";
    if (variable === "SWARMNFS_NODE") continue;
    t.is(onlyCode(value) ?? "", usual[variable] ?? "", variable);
  }
});

test("every value that docs/settings.md offers for the backup service is understood", (t) => {
  for (const [name = "", , values = ""] of [...backupRows, ...notifyRows]) {
    const variable = onlyCode(name) ?? "";
    for (const value of codeIn(values).filter((each) => !each.includes("ABSOLUTE")))
      t.notThrows(
        () => parseBackupSettings({ ...needed, ...beside(variable), [variable]: value }),
        `${variable}=${value}`,
      );
  }
});

/** What a variable needs beside it. */
function beside(variable: string): NodeJS.ProcessEnv {
  if (variable === "SWARMNFS_CLEAN") return { SWARMNFS_CLEAN_OLDER_THAN: "30d" };
  if (variable === "SWARMNFS_REPORT") return { NOTIFY_NTFY_URL: "https://ntfy.sh/x" };
  return variable === "NOTIFY_MAIL_URL" ? { NOTIFY_MAIL_FROM: "a@b", NOTIFY_MAIL_TO: "c@d" } : {};
}

/** The names that the refusal of an unknown variable lists. */
function knownVariables(): string[] {
  const message = messageOf(() => parseSettings({ SWARMNFS_XXXXXXXXXXXXXXXXXXXXXXXXXXXX: "1" }));
  return (/Known: (.*)$/.exec(message)?.[1] ?? "").split(", ").toSorted();
}

function messageOf(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
