import test from "ava";
import { loadPolicy, type Policy } from "../../../nfs-server/policy/policy.ts";
import { parseSettings } from "../../../nfs-server/settings.ts";

const file = JSON.stringify({
  apps: {
    blog: { hosts: ["node1", "node2"], size: "10G", services: "blog" },
    wiki: {},
  },
  static: [{ volume: "media", hosts: ["tv.lan", "10.0.0.9"], mode: "ro" }],
});

test("apps come from the variable and from the file, static grants from the file", async (t) => {
  const policy = await load(file, { SWARMNFS_APPS: "shop:size=1G" });
  t.deepEqual(policy.apps, [
    { app: "shop", hosts: null, services: null, size: 1024 ** 3 },
    { app: "blog", hosts: ["node1", "node2"], services: ["blog"], size: 10 * 1024 ** 3 },
    { app: "wiki", hosts: null, services: null, size: null },
  ]);
  t.deepEqual(policy.static, [
    {
      volume: "media",
      hosts: [
        { kind: "name", pattern: "tv.lan" },
        { kind: "address", address: "10.0.0.9" },
      ],
      mode: "ro",
    },
  ]);
  t.is(policy.declared("wiki")?.app, "wiki");
  t.is(policy.declared("nothing"), null);
});

test("without a file there is what the variables say", async (t) => {
  const policy = await loadPolicy(parseSettings({ SWARMNFS_APPS: "a" }), () => {
    throw new Error("no file is read");
  });
  t.is(policy.apps.length, 1);
  t.deepEqual(policy.static, []);
});

test("strict refuses apps that are not declared", async (t) => {
  const strict = await load(file, { SWARMNFS_STRICT: "on" });
  t.notThrows(() => strict.checkApp("wiki"));
  t.notThrows(() => strict.checkApp("root"), "which has rules of its own");
  t.throws(() => strict.checkApp("shared"), { code: "denied" });
  t.throws(() => strict.checkApp("shop"), {
    code: "denied",
    message: /app "shop" is not declared .* Declared: blog, wiki\. To allow it/,
  });
  const open = await load(file, {});
  t.notThrows(() => open.checkApp("shop"));
});

test("TLS and hosts that have no certificate are a contradiction", async (t) => {
  await t.throwsAsync(load(file, { SWARMNFS_TLS: "on" }), {
    code: "invalid",
    message: /SWARMNFS_TLS=on.*`static`/,
  });
});

test("administrators are named exactly", async (t) => {
  const policy = await load(file, { SWARMNFS_ADMIN_NODES: "node1" });
  t.true(policy.isAdmin("Node1"));
  t.false(policy.isAdmin("node1.elsewhere.org"));
  t.false(policy.isAdmin("backup"));
});

const refused = test.macro({
  async exec(t, text: string, environment: NodeJS.ProcessEnv, message: RegExp) {
    await t.throwsAsync(load(text, environment), { code: "invalid", message });
  },
  title: (_, text: string) => `refused: ${text}`,
});

test(refused, "{", {}, /the policy file \/p\.json cannot be used: it is not JSON: .*(line|JSON)/);
test(refused, "[]", {}, /the whole: .*expected object/);
test(refused, '{"aps": {}}', {}, /unknown word "aps": did you mean "apps"\?/);
test(refused, '{"apps": {"a": {"host": "x"}}}', {}, /unknown word "host" in apps\.a: .*"hosts"\?/);
test(refused, '{"apps": {"a": {"size": "x"}}}', {}, /apps: app "a": size: "x" is not a size/);
test(refused, '{"apps": {"a": {"hosts": []}}}', {}, /apps\.a\.hosts/);
test(refused, '{"apps": {"a": {}, "A": {}}}', {}, /differ in upper and lower case alone/);
test(refused, '{"apps": {"a": {}}}', { SWARMNFS_APPS: "a" }, /and the variables together: app "a"/);
test(refused, statically("/v", "h"), {}, /static\[0\]: volume name "\/v"/);
test(refused, statically("v", "*.lan"), {}, /"\*\.lan" may be many hosts/);
test(refused, statically("v", "10.0.0.0/8"), {}, /"10\.0\.0\.0\/8" may be many hosts/);
test(
  refused,
  statically("v", "10.0.0.9"),
  { SWARMNFS_ALLOWED_HOSTS: "node1" },
  /10\.0\.0\.9 is none of the hosts that this storage node allows/,
);
test(refused, '{"static": [{"volume": "v", "hosts": "h"}]}', {}, /static\.0\.mode/);

test("a file that cannot be read is told by its variable", async (t) => {
  const settings = parseSettings({ SWARMNFS_POLICY_FILE: "/nowhere/p.json" });
  await t.throwsAsync(loadPolicy(settings), {
    code: "invalid",
    message:
      /SWARMNFS_POLICY_FILE=\/nowhere\/p\.json cannot be read: .* mounted into the container/,
  });
});

function load(text: string, environment: NodeJS.ProcessEnv): Promise<Policy> {
  const settings = parseSettings({ SWARMNFS_POLICY_FILE: "/p.json", ...environment });
  return loadPolicy(settings, async () => text);
}

function statically(volume: string, hosts: string): string {
  return JSON.stringify({ static: [{ volume, hosts, mode: "ro" }] });
}
