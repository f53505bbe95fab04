import { hostname } from "node:os";
import test from "ava";
import { parseSettings } from "../../plugin/settings.ts";

test("without any variable everything has its default", (t) => {
  t.deepEqual(parseSettings({ PATH: "/bin" }), {
    storage: "dir:///var/lib/swarmnfs/data",
    node: hostname(),
    defaultOptions: { "on-remove": "archive" },
    trashDays: 30,
    rootServices: ["swarmnfs_backup"],
    log: { level: "info", format: "json" },
    docker: "/run/docker.sock",
    withoutDocker: "refuse",
    restart: true,
    guard: true,
    joinToken: null,
    metrics: null,
    managed: false,
    state: "/var/lib/swarmnfs",
    mounts: "/run/swarmnfs/volumes",
    wholeStorage: "/run/swarmnfs/storage",
    notify: {
      webhook: null,
      ntfy: null,
      ntfyToken: null,
      slack: null,
      discord: null,
      mail: null,
      ping: null,
      repeatMs: 86_400_000,
    },
    report: null,
    clean: null,
    driver: "swarmnfs",
  });
});

test("an emptied variable is an unset one: docker plugin set can do no more", (t) => {
  const emptied = { SWARMNFS_STORAGE: "", SWARMNFS_NODE: "", SWARMNFS_TRASH_DAYS: "" };
  t.deepEqual(parseSettings(emptied), parseSettings({}));
});

test("a managed plugin sees the host below /host, wherever a plain process would look", (t) => {
  const managed = { SWARMNFS_MANAGED: "1", SWARMNFS_STATE: "/x", SWARMNFS_MOUNTS: "/y" };
  t.like(parseSettings(managed), {
    state: "/host/state/swarmnfs",
    mounts: "/mnt/volumes",
    wholeStorage: "/mnt/storage",
    docker: "/host/run/docker.sock",
  });
  const docker = "/var/run/docker.sock";
  t.is(parseSettings({ ...managed, SWARMNFS_DOCKER: docker }).docker, "/host/run/docker.sock");
  t.is(parseSettings({ ...managed, SWARMNFS_DOCKER: "off" }).docker, null);
});

test("default options are understood like -o, lists with a bar", (t) => {
  const text = " mode=0750 , hosts=node1|node2,on-remove=retain";
  t.deepEqual(parseSettings({ SWARMNFS_DEFAULT_OPTIONS: text }).defaultOptions, {
    mode: "0750",
    hosts: "node1|node2",
    "on-remove": "retain",
  });
});

for (const [name, value, says] of [
  ["SWARMNFS_STORAGES", "x", /unknown variable SWARMNFS_STORAGES: did you mean SWARMNFS_STORAGE\?/],
  ["SWARMNFS_TRASH_DAYS", "a week", /SWARMNFS_TRASH_DAYS="a week" is wrong: a number of days/],
  ["SWARMNFS_DOCKER", "docker.sock", /SWARMNFS_DOCKER="docker.sock" is wrong: the path of/],
  ["SWARMNFS_DEFAULT_OPTIONS", "backup", /"backup" is not key=value/],
  ["SWARMNFS_ON_REMOVE", "burn", /SWARMNFS_ON_REMOVE="burn" is wrong/],
] as const) {
  test(`${name}=${value} is refused by name`, (t) => {
    t.throws(() => parseSettings({ [name]: value }), { code: "invalid", message: says });
  });
}

test("all that is wrong is told at once", (t) => {
  const error = t.throws(() => parseSettings({ SWARMNFS_TRASH_DAYS: "x", SWARMNFS_NODES: "y" }));
  t.regex(error.message, /SWARMNFS_NODES.*; SWARMNFS_TRASH_DAYS/);
});

test("a join token is a text or a file, and not both", (t) => {
  t.deepEqual(tokenIn({ SWARMNFS_JOIN_TOKEN: "swarmnfs-join-1.x" }), { text: "swarmnfs-join-1.x" });
  t.deepEqual(tokenIn({ SWARMNFS_JOIN_TOKEN_FILE: "/run/token" }), { file: "/run/token" });
  const both = { SWARMNFS_JOIN_TOKEN: "x", SWARMNFS_JOIN_TOKEN_FILE: "/run/token" };
  t.throws(() => tokenIn(both), { code: "invalid", message: /twice\. Empty one of them/ });
  t.throws(() => tokenIn({ SWARMNFS_JOIN_TOKEN_FILE: "token" }), { message: /absolute path/ });
});

function tokenIn(environment: NodeJS.ProcessEnv): unknown {
  return parseSettings(environment).joinToken;
}

test("a file with the address of a channel is looked for where the plugin sees the host's", async (t) => {
  const given = {
    NOTIFY_SLACK_URL_FILE: "/run/secrets/slack",
    NOTIFY_NTFY_URL_FILE: "/var/lib/x/ntfy",
  };
  const { notify } = parseSettings({ ...given, SWARMNFS_MANAGED: "1" });
  t.is(notify.slack?.file, "/run/secrets/slack", "people know it by the host's name");
  await t.throwsAsync(async () => notify.ntfy?.read(), {
    message: /NOTIFY_NTFY_URL_FILE=\/var\/lib\/x\/ntfy cannot be read: .*\/host\/state\/x\/ntfy/,
  });
});

test("reports are sent by those who tell, and with our own server by that", (t) => {
  const told = { NOTIFY_WEBHOOK_URL: "https://example.org/hook", SWARMNFS_REPORT: "weekly" };
  t.is(parseSettings(told).report?.text, "weekly");
  t.is(parseSettings({}).report, null);
  t.throws(() => parseSettings({ SWARMNFS_REPORT: "weekly", NOTIFY_PING_URL: "https://x" }), {
    code: "invalid",
    message: /there is nobody to send them to/,
  });
  t.throws(() => parseSettings({ ...told, SWARMNFS_STORAGE: "swarmnfs://storage1" }), {
    code: "invalid",
    message: /reports are sent by the storage node\. Set SWARMNFS_REPORT=weekly there/,
  });
  t.throws(() => parseSettings({ ...told, SWARMNFS_REPORT: "weekley" }), {
    message: /SWARMNFS_REPORT="weekley" is wrong: did you mean "weekly"\?/,
  });
});

test("what is to be cleaned up is understood, and refused where it would do nothing or too much", (t) => {
  const given = { SWARMNFS_CLEAN: "trash,docker", SWARMNFS_CLEAN_OLDER_THAN: "30d" };
  t.deepEqual(parseSettings(given).clean, {
    sorts: ["docker", "trash"],
    olderThanMs: 30 * 86_400_000,
    schedule: { text: "weekly", cron: "0 4 * * 1" },
  });
  t.is(parseSettings({ SWARMNFS_CLEAN_OLDER_THAN: "30d" }).clean, null);
  const refused = (environment: NodeJS.ProcessEnv, message: RegExp): unknown =>
    t.throws(() => parseSettings(environment), { code: "invalid", message });
  refused({ SWARMNFS_CLEAN: "dokcer" }, /"dokcer" is nothing .*: did you mean "docker"\?/);
  refused({ SWARMNFS_CLEAN: "trash" }, /SWARMNFS_CLEAN=trash needs SWARMNFS_CLEAN_OLDER_THAN/);
  refused(
    { SWARMNFS_CLEAN: "docker", SWARMNFS_DOCKER: "off" },
    /SWARMNFS_CLEAN=docker needs Docker/,
  );
  refused({ SWARMNFS_CLEAN: "docker", SWARMNFS_CLEAN_SCHEDULE: "off" }, /never happens/);
  refused({ ...given, SWARMNFS_CLEAN_OLDER_THAN: "0d" }, /a number of days is expected, at least/);
});
