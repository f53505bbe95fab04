import test from "ava";
import { applyDeclaredApps, rulesAtBirth } from "../../../nfs-server/policy/apply-declared-apps.ts";
import { parseDeclaredApps } from "../../../nfs-server/policy/declared-apps.ts";
import { UserError } from "../../../service/user-error.ts";
import { parseOptions } from "../../../storage/rules/options.ts";
import { node1 } from "../../storage/conformance.ts";
import { directoryStorage, temporaryDirectory } from "../../storage/places.ts";

const by = { id: node1.id, name: "storage node" };

test("a declared app is born with its rules, which its first volume can only narrow", async (t) => {
  const storage = directoryStorage(await temporaryDirectory(t));
  await storage.open(null);
  const [declared = null] = parseDeclaredApps("x:hosts=node1|node2:services=shop");
  const appRules = rulesAtBirth(declared);
  const ask = (name: string, options: Record<string, string>) =>
    storage.create({ name, options: parseOptions(options), appRules }, node1);
  await t.throwsAsync(ask("v", { app: "x", hosts: "*" }), { code: "conflict" });
  await ask("v", { app: "x", hosts: "node1" });
  t.like(await storage.getApp("x"), { hosts: ["node1", "node2"], services: ["shop"] });
  t.like(await storage.get("v"), { hosts: ["node1"], services: null });
});

test("each volume of an app that was declared with a size needs a size itself", async (t) => {
  const storage = directoryStorage(await temporaryDirectory(t));
  await storage.open(null);
  const [declared = null] = parseDeclaredApps("x:size=1G");
  const request = {
    name: "v",
    options: parseOptions({ app: "x" }),
    appRules: rulesAtBirth(declared),
  };
  await t.throwsAsync(storage.create(request, node1), {
    code: "invalid",
    message: /app "x" has 1G for all its volumes, so each of them needs a size/,
  });
});

test("an app that was born already keeps its rules when a volume is made", async (t) => {
  const storage = directoryStorage(await temporaryDirectory(t));
  await storage.open(null);
  const [declared = null] = parseDeclaredApps("x:hosts=node1");
  await storage.create({ name: "v", options: parseOptions({ app: "x" }) }, node1);
  await storage.create(
    { name: "w", options: parseOptions({ app: "x" }), appRules: rulesAtBirth(declared) },
    node1,
  );
  t.deepEqual((await storage.getApp("x"))?.hosts, ["*"]);
});

test("what is not said of a declared app is as its first volume says", async (t) => {
  const storage = directoryStorage(await temporaryDirectory(t));
  await storage.open(null);
  const [declared = null] = parseDeclaredApps("x");
  const options = parseOptions({ app: "x", hosts: "node1", services: "a|b" });
  await storage.create({ name: "v", options, appRules: rulesAtBirth(declared) }, node1);
  t.like(await storage.getApp("x"), { hosts: ["node1"], services: ["a", "b"], size: null });
  t.deepEqual(rulesAtBirth(null), {});
});

test("at a start existing apps get their declared rules, and nothing else changes", async (t) => {
  const storage = directoryStorage(await temporaryDirectory(t));
  await storage.open(null);
  await storage.create({ name: "v", options: parseOptions({ app: "x" }) }, node1);
  await storage.create({ name: "mine", options: parseOptions({}) }, node1);
  await storage.claimApp("mine", { kind: "stack", name: "blog", since: "2026-01-01T00:00:00Z" });
  const declared = parseDeclaredApps("x:hosts=node1,mine:services=first:hosts=node2,none:hosts=a");

  const applied = await applyDeclaredApps(storage, declared, by);
  t.deepEqual(applied, {
    changed: [
      { app: "x", change: { hosts: ["node1"] } },
      { app: "mine", change: { hosts: ["node2"] } },
    ],
    failed: [],
  });
  t.like(await storage.getApp("x"), { hosts: ["node1"], services: ["x"], revision: 2 });
  t.is((await storage.getApp("mine"))?.owner?.name, "blog", "who came first stays the owner");
  t.is(await storage.getApp("none"), null, "an app without volumes has no record");

  t.deepEqual(await applyDeclaredApps(storage, declared, by), { changed: [], failed: [] });
  t.is((await storage.getApp("x"))?.revision, 2);
});

test("an app whose rules cannot be applied does not keep the others from theirs", async (t) => {
  const storage = directoryStorage(await temporaryDirectory(t));
  await storage.open(null);
  for (const app of ["x", "y"])
    await storage.create({ name: `v-${app}`, options: parseOptions({ app }) }, node1);
  const stubborn = {
    getApp: storage.getApp.bind(storage),
    updateApp: (...args: Parameters<typeof storage.updateApp>) =>
      args[0] === "x"
        ? Promise.reject(new UserError("unsupported", "not here"))
        : storage.updateApp(...args),
  };
  const applied = await applyDeclaredApps(stubborn, parseDeclaredApps("x:hosts=a,y:hosts=a"), by);
  t.deepEqual(applied.failed, [{ app: "x", reason: "not here" }]);
  t.deepEqual((await storage.getApp("y"))?.hosts, ["a"]);
});

test("a storage that cannot be used at all is no matter of one app", async (t) => {
  const away = new UserError("unavailable", "away");
  const storage = {
    getApp: () => Promise.reject(away),
    updateApp: () => Promise.reject(away),
  };
  await t.throwsAsync(applyDeclaredApps(storage, parseDeclaredApps("x"), by), { is: away });
});
