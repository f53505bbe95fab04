import test from "ava";
import { optionNames, parseOptions } from "../../../storage/rules/options.ts";

test("a misspelt option is refused with the nearest name and the list", (t) => {
  t.throws(() => parseOptions({ apps: "blog" }), {
    code: "invalid",
    message: `unknown option "apps": did you mean "app"? Options: ${optionNames.join(", ")}.`,
  });
  t.throws(() => parseOptions({ zebra: "1" }), {
    message: /^unknown option "zebra"\. Options: access, app, /,
  });
});

for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", ""]) {
  test(`"${key}" is an unknown option like any other`, (t) => {
    t.throws(() => parseOptions({ [key]: "x" }), {
      code: "invalid",
      message: /^unknown option/,
    });
  });
}

test("every option is understood", (t) => {
  const asked = {
    app: "blog",
    services: "blog|shop/web",
    hosts: "node1,web-*",
    access: "readonly",
    size: "10G",
    uid: "1000",
    gid: "33",
    mode: "0750",
    "on-remove": "retain",
    from: "old@2026-03-01T06:00",
    backup: "0 3 * * 1-5",
    squash: "app",
    mirror: "on",
    "mount-options": "noatime,timeo=600,lookupcache=none",
  };
  t.deepEqual(parseOptions(asked), {
    asked,
    app: "blog",
    services: ["blog", "shop/web"],
    hosts: ["node1", "web-*"],
    access: "readonly",
    size: 10 * 1024 ** 3,
    uid: 1000,
    gid: 33,
    mode: 0o750,
    onRemove: "retain",
    from: "old@2026-03-01T06:00",
    backup: "0 3 * * 1-5",
    squash: "app",
    mirror: true,
    mountOptions: ["noatime", "timeo=600", "lookupcache=none"],
    root: false,
  });
  t.true(optionNames.every((name) => name === "root" || Object.hasOwn(asked, name)));
});

test("nothing asked is nothing set", (t) => {
  t.is(parseOptions(null).app, null);
  t.deepEqual(parseOptions(null).asked, {});
});

const refusals: readonly (readonly [string, string, RegExp])[] = [
  ["app", "../x", /option "app": app name "\.\.\/x"/],
  ["app", "root", /reserved/],
  ["app", "Shared", /everyone's/],
  ["services", "", /is empty/],
  ["services", "a b", /name of a stack/],
  ["services", "a/b/c", /name of a stack/],
  ["hosts", "web 1", /host name/],
  ["access", "private", /shared, exclusive, readonly/],
  ["size", "big", /like 10G/],
  ["uid", "www-data", /numeric id/],
  ["uid", "4294967295", /numeric id/],
  ["gid", "-1", /numeric id/],
  ["mode", "0888", /octal/],
  ["mode", "07777777", /octal/],
  ["on-remove", "destroy", /archive, delete, retain/],
  ["from", "../x", /volume name/],
  ["from", "blog@", /names no snapshot/],
  ["backup", "daily", /five fields/],
  ["backup", "61 * * * *", /minute "61"/],
  ["squash", "all", /app, none/],
  ["mirror", "perhaps", /neither true nor false/],
  ["mount-options", "suid", /mount option "suid" is not allowed/],
  ["mount-options", "timeo=soon", /takes a number/],
  ["mount-options", "noatime=1", /takes no value/],
  ["mount-options", "lookupcache=yes", /all, none or positive/],
  ["app", "blog\nx", /line of text/],
];
for (const [key, value, message] of refusals) {
  test(`${key}=${JSON.stringify(value)} is refused`, (t) => {
    t.throws(() => parseOptions({ [key]: value }), { code: "invalid", message });
  });
}

for (const [key, value] of Object.entries({
  app: "x",
  size: "1G",
  from: "x",
  backup: "off",
  uid: "1",
  "on-remove": "delete",
})) {
  test(`root=true and ${key} contradict each other`, (t) => {
    t.throws(() => parseOptions({ root: "true", [key]: value }), {
      code: "invalid",
      message: new RegExp(`options "root" and "${key}" contradict each other`),
    });
  });
}

test("a root volume is never exclusive, and defaults give way to it", (t) => {
  t.throws(() => parseOptions({ root: "true", access: "exclusive" }), { message: /contradict/ });
  const options = parseOptions(
    { root: "true" },
    { size: "1G", access: "shared", "on-remove": "delete", hosts: "a" },
  );
  t.is(options.size, null);
  t.is(options.access, null);
  t.deepEqual(options.hosts, ["a"]);
  t.is(parseOptions({ root: "true", access: "shared" }).access, "shared");
});

test("defaults stand in for what was not asked, and are not among what was asked", (t) => {
  const options = parseOptions({ mode: "0700" }, { mode: "0755", backup: "off" });
  t.is(options.mode, 0o700);
  t.is(options.backup, "off");
  t.deepEqual(options.asked, { mode: "0700" });
  t.throws(() => parseOptions(null, { sise: "1G" }), { message: /did you mean "size"/ });
});
