import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import test from "ava";
import { configView } from "../../backup-sidecar/config-view.ts";
import { printConfig } from "../../backup-sidecar/print-config.ts";
import { parseSettings } from "../../backup-sidecar/settings.ts";
import { givenSecret, Secret } from "../../service/secret.ts";

const needed = { WEBDAV_URL: "https://nas.example.org/s3cret-share/", BACKUP_PASSWORD: "s3cret" };

test("with the two that are needed, everything else has a default", (t) => {
  t.like(parseSettings(needed), {
    storage: "dir:///storage",
    storageName: "storage",
    schedule: "0 */6 * * *",
    jitterMs: 30 * 60_000,
    parallel: 2,
    overdueMs: 86_400_000,
    keep: "180d",
    shrinkLimit: 0.5,
    mirror: false,
    log: { level: "info", format: "json" },
  });
  t.is(parseSettings(needed, true).log.format, "text");
});

for (const [wrong, message] of [
  [{ WEBDAV_URL: "" }, /nothing says where backups go\. Set WEBDAV_URL_FILE/],
  [{ BACKUP_PASSWORD: "" }, /nothing says by which password/],
  [
    { WEBDAV_URL_FILE: "/run/secrets/url" },
    /WEBDAV_URL and WEBDAV_URL_FILE say the same thing twice/,
  ],
  [{ WEBDAV_USERNAME: "me" }, /belong together/],
  [{ WEBDAV_PASWORD: "x" }, /unknown variable WEBDAV_PASWORD: did you mean WEBDAV_PASSWORD\?/],
  [{ SCHEDULE: "often" }, /SCHEDULE="often" is wrong: .*five fields/],
  [{ JITTER: "soon" }, /JITTER="soon" is wrong: a span is expected/],
  [{ SHRINK_LIMIT: "120%" }, /a share from 1% to 100% is expected/],
  [{ KEEP: "long" }, /KEEP="long"/],
  [{ UPLOAD_LIMIT: "fast" }, /UPLOAD_LIMIT/],
  [{ SWARMNFS_STORAGE: "nfs://nas/share" }, /as a directory of this container/],
  [
    { SWARMNFS_STORAGE: "dir:///storage?mount=xfs" },
    /what must be mounted there is for the plugin/,
  ],
  [{ SWARMNFS_STORAGE_NAME: "my storage" }, /a name is expected that every server can hold/],
  [{ WEBDAV_PIN: "12:34" }, /SHA-256 fingerprint/],
  [{ NOTIFY_MAIL_TO: "me@example.org" }, /mail needs all of/],
  [{ BACKUP_PASSWORD: "", BACKUP_PASSWORD_FILE: "secret" }, /the absolute path of a file/],
] as const) {
  test(`refused: ${JSON.stringify(wrong)}`, (t) => {
    t.throws(() => parseSettings({ ...needed, ...wrong }), { message });
  });
}

test("no secret is shown by settings, their view, or a message", (t) => {
  const environment = { ...needed, NOTIFY_NTFY_URL: "https://ntfy.sh/s3cret", KEEP: "180d" };
  const settings = parseSettings(environment);
  const shown = [
    JSON.stringify(settings),
    inspect(settings, { depth: 9 }),
    JSON.stringify(configView(settings, environment)),
    String(settings.password),
  ];
  for (const text of shown) t.false(text.includes("s3cret"), text);
});

test("print-config shows what was understood, where it came from, and what is probably not meant", (t) => {
  let out = "";
  const print = (text: string): void => {
    out += text;
  };
  t.is(printConfig({ ...needed, JITTER: "90m" }, [], print), 0);
  t.regex(out, /^JITTER +90m +environment$/m);
  t.regex(out, /^OVERDUE +1d +default$/m);
  t.regex(out, /^WEBDAV_URL +\(set\) +environment$/m);
  t.regex(out, /! nobody is told of problems/);
  t.regex(out, /! BACKUP_PASSWORD is in the environment/);
  out = "";
  t.is(printConfig(needed, ["--json"], print), 0);
  t.true(Array.isArray(JSON.parse(out).settings));
  t.is(printConfig({}, [], print), 1);
  t.is(printConfig(needed, ["--yaml"], print), 2);
});

test("a secret in a file is read anew each time, without the line break at its end", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-secret-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = path.join(folder, "password");
  const secret = givenSecret("PASSWORD", { PASSWORD_FILE: file });
  await t.throwsAsync(async () => secret?.read(), { message: /PASSWORD_FILE=.* cannot be read/ });
  await writeFile(file, "one two\n");
  t.is(await secret?.read(), "one two");
  await writeFile(file, "three");
  t.is(await secret?.read(), "three");
  await writeFile(file, "\n");
  await t.throwsAsync(async () => secret?.read(), { message: /is empty/ });
  t.is(String(secret), file);
  t.is(String(Secret.text("PASSWORD", "x")), "[redacted]");
  t.is(givenSecret("PASSWORD", {}), null);
});
