import test from "ava";
import { configView } from "../../nfs-server/config-view.ts";
import { loadPolicy } from "../../nfs-server/policy/policy.ts";
import { parseSettings, variableNames } from "../../nfs-server/settings.ts";

test("without any variable everything has its default", (t) => {
  t.deepEqual(parseSettings({ PATH: "/bin" }), {
    data: "/nfs_volumes",
    interface: "wt0",
    address: null,
    controlPort: 2050,
    nfsPort: 2049,
    allowedHosts: [{ kind: "name", pattern: "*" }],
    apps: [],
    strict: false,
    policyFile: null,
    report: null,
    adminNodes: [],
    rootNodes: [],
    serverName: null,
    graceS: 90,
    leaseS: 90,
    threads: 16,
    trashDays: 30,
    onRemove: "archive",
    log: { level: "info", format: "json" },
    firewall: false,
    metrics: null,
    tls: false,
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
  });
});

test("an emptied variable is one that is not set", (t) => {
  const emptied = Object.fromEntries(variableNames.map((name) => [name, ""]));
  t.deepEqual(parseSettings(emptied), parseSettings({}));
});

test("every variable is understood", (t) => {
  t.like(
    parseSettings({
      SWARMNFS_DATA: "/srv/data/",
      SWARMNFS_ADDRESS: "::ffff:10.0.0.5",
      SWARMNFS_ALLOWED_HOSTS: "node1, 10.0.0.0/24",
      SWARMNFS_APPS: "app1,app2:hosts=node1|node2:size=10G,shared",
      SWARMNFS_STRICT: "on",
      SWARMNFS_POLICY_FILE: "/etc/policy.json",
      SWARMNFS_ADMIN_NODES: "node1",
      SWARMNFS_SERVER_NAME: "storage1",
      SWARMNFS_GRACE_SECONDS: "120",
      SWARMNFS_LEASE_SECONDS: "60",
      SWARMNFS_THREADS: "64",
      SWARMNFS_CONTROL_PORT: "4000",
      SWARMNFS_TRASH_DAYS: "7",
      SWARMNFS_ON_REMOVE: "retain",
      SWARMNFS_LOG_LEVEL: "debug",
      SWARMNFS_LOG_FORMAT: "text",
      SWARMNFS_FIREWALL: "on",
      SWARMNFS_TLS: "on",
    }),
    {
      data: "/srv/data",
      interface: null,
      address: "10.0.0.5",
      controlPort: 4000,
      allowedHosts: [
        { kind: "name", pattern: "node1" },
        { kind: "range", network: "10.0.0.0", bits: 24 },
      ],
      apps: [
        { app: "app1", hosts: null, services: null, size: null },
        { app: "app2", hosts: ["node1", "node2"], services: null, size: 10 * 1024 ** 3 },
        { app: "shared", hosts: null, services: null, size: null },
      ],
      strict: true,
      policyFile: "/etc/policy.json",
      adminNodes: ["node1"],
      serverName: "storage1",
      graceS: 120,
      leaseS: 60,
      threads: 64,
      trashDays: 7,
      onRemove: "retain",
      log: { level: "debug", format: "text" },
      firewall: true,
      tls: true,
    },
  );
});

const refused = test.macro({
  exec(t, environment: NodeJS.ProcessEnv, said: RegExp) {
    t.throws(() => parseSettings(environment), { code: "invalid", message: said });
  },
  title: (_, environment: NodeJS.ProcessEnv) =>
    `refused: ${Object.entries(environment)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ")}`,
});

test(
  refused,
  { SWARMNFS_ALOWED_HOSTS: "x" },
  /ALOWED_HOSTS: did you mean SWARMNFS_ALLOWED_HOSTS\?/,
);
test(refused, { SWARMNFS_DATA: "data" }, /SWARMNFS_DATA="data" is wrong: a directory is expected/);
test(refused, { SWARMNFS_ADDRESS: "storage1" }, /SWARMNFS_ADDRESS="storage1" is wrong: an address/);
test(refused, { SWARMNFS_ADDRESS: "0.0.0.0" }, /every address of this machine/);
test(refused, { SWARMNFS_ADDRESS: "::" }, /every address of this machine/);
test(refused, { SWARMNFS_INTERFACE: "eth0/1" }, /the name of a network interface is expected/);
test(
  refused,
  { SWARMNFS_INTERFACE: "eth0", SWARMNFS_ADDRESS: "10.0.0.5" },
  /SWARMNFS_INTERFACE and SWARMNFS_ADDRESS are both set\. Set one/,
);
test(refused, { SWARMNFS_ALLOWED_HOSTS: "10.0.0" }, /"10.0.0" is not a whole address/);
test(refused, { SWARMNFS_ALLOWED_HOSTS: "10.0.0.0/33" }, /"10.0.0.0\/33" is not a network/);
test(refused, { SWARMNFS_ALLOWED_HOSTS: " , " }, /it names nobody/);
test(
  refused,
  { SWARMNFS_APPS: "app1:host=node1" },
  /in "app1:host=node1": .*did you mean "hosts"\?/,
);
test(refused, { SWARMNFS_STRICT: "on" }, /SWARMNFS_STRICT=on .* and none is/);
test(refused, { SWARMNFS_GRACE_SECONDS: "0" }, /a whole number from 10 to 3600/);
test(refused, { SWARMNFS_LEASE_SECONDS: "0" }, /a whole number from 10 to 3600/);
test(refused, { SWARMNFS_GRACE_SECONDS: "30" }, /GRACE_SECONDS=30 is shorter than .*=90/);
test(refused, { SWARMNFS_THREADS: "1e3" }, /a whole number from 1 to 1024/);
test(refused, { SWARMNFS_CONTROL_PORT: "2049" }, /is the port of NFS itself/);
test(refused, { SWARMNFS_METRICS: "2049" }, /port 2049, which is that of NFS itself/);
test(refused, { SWARMNFS_METRICS: "10.0.0.5:2050" }, /port 2050, which is that of the control API/);
test(refused, { SWARMNFS_METRICS: "on" }, /off is expected/);
test(
  refused,
  { SWARMNFS_ADMIN_NODES: "node*" },
  /"node\*" is a pattern\. Name each node by itself/,
);
test(refused, { SWARMNFS_ROOT_NODES: "node*" }, /"node\*" is a pattern\. Name each node by itself/);
test(refused, { SWARMNFS_TLS: "yes" }, /SWARMNFS_TLS="yes" is wrong/);
test(
  refused,
  { SWARMNFS_FIREWALL: "on" },
  /SWARMNFS_FIREWALL=on needs names, addresses or networks in SWARMNFS_ALLOWED_HOSTS: .* \*/,
);

test("all faults are told at once", (t) => {
  const error = t.throws(() =>
    parseSettings({ SWARMNFS_THREADS: "x", SWARMNFS_TRASHDAYS: "1", SWARMNFS_STRICT: "maybe" }),
  );
  for (const name of ["SWARMNFS_THREADS", "SWARMNFS_TRASH_DAYS", "SWARMNFS_STRICT"])
    t.true(error?.message.includes(name), name);
});

test("how people are told is understood, and a misspelt variable of it refused", (t) => {
  const { notify } = parseSettings({
    NOTIFY_NTFY_URL_FILE: "/run/secrets/ntfy",
    NOTIFY_REPEAT: "12h",
  });
  t.is(notify.ntfy?.file, "/run/secrets/ntfy");
  t.is(notify.repeatMs, 43_200_000);
  t.throws(() => parseSettings({ NOTIFY_NTFI_URL: "x" }), {
    message: /did you mean NOTIFY_NTFY_URL/,
  });
  t.throws(() => parseSettings({ NOTIFY_MAIL_TO: "me@example.org" }), {
    message: /mail needs all/,
  });
});

test("the address of a channel is not shown by the view of the settings", async (t) => {
  const environment = { NOTIFY_SLACK_URL: "https://hooks.slack.com/s3cret" };
  const settings = parseSettings(environment);
  const shown = JSON.stringify([
    settings,
    configView(settings, await loadPolicy(settings), environment),
  ]);
  t.false(shown.includes("s3cret"));
  t.true(shown.includes('"NOTIFY_SLACK_URL","value":"(set)"'));
});

test("reports are sent by those who tell, or are refused", (t) => {
  const told = { NOTIFY_WEBHOOK_URL: "https://example.org/hook" };
  t.is(parseSettings({ ...told, SWARMNFS_REPORT: "weekly" }).report?.cron, "0 7 * * 1");
  t.throws(() => parseSettings({ SWARMNFS_REPORT: "weekly" }), {
    code: "invalid",
    message:
      /SWARMNFS_REPORT=weekly sends reports, and there is nobody to send them to: set NOTIFY_/,
  });
  t.throws(() => parseSettings({ ...told, SWARMNFS_REPORT: "weekly x" }), {
    message: /SWARMNFS_REPORT="weekly x" is wrong/,
  });
});
