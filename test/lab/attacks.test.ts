// A node that was granted one volume tries to get at others, however it can. Each way is tried against a plain export too,
// where it must succeed: otherwise it would prove nothing. The results are written to docs/attacks.md.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Machine } from "../../lab/machine.ts";
import { BareNode } from "./bare-node.ts";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { attachment, inhabited, thrownOut } from "./inhabited.ts";
import { fileSystems, type FileSystem } from "./plain-exports.ts";
import { nothingStolen, robbed, robbedInVain, uids } from "./raids.ts";
import { attackPage, type Case, type Raid } from "./raw-nfs/attack-page.ts";
import type { Report } from "./raw-nfs/errand.ts";
import { lootOf } from "./raw-nfs/loot.ts";
import { sendThief } from "./send-thief.ts";
import { StorageNode } from "./storage-node.ts";
import { plant } from "./victim.ts";
import { inContainer, pathsTo, wayTo } from "./ways-in.ts";

const on = labCluster();

const raids: Raid[] = [];
const cases: Case[] = [];

const kinds = Object.keys(fileSystems) as FileSystem[];

test.after.always("the results are written down", async () => {
  // Of a run in which something is missing nothing is written: it would look like the whole.
  if (raids.length < kinds.length * 3) return;
  const { stdout } = await on.nas.run("uname -r");
  const of = `Run of ${new Date().toISOString().slice(0, 10)}, Linux ${stdout.trim()} on all machines.`;
  const page = path.join(import.meta.dirname, "../../docs/attacks.md");
  await writeFile(page, attackPage({ of, raids, cases }));
});

for (const kind of kinds)
  test(`a plain export on ${kind} is robbed by file handles that are made by hand`, async (t) => {
    t.timeout(1_200_000);
    raids.push(await robbed(t, on, kind));
  });

for (const kind of kinds)
  test(`from our server on ${kind} nothing is stolen by a node that has another volume`, async (t) => {
    t.timeout(1_800_000);
    raids.push(...(await robbedInVain(t, on, kind)));
  });

test("who is not a node, is elsewhere, gave back or was thrown out, gets nothing", async (t) => {
  t.timeout(1_800_000);
  const { storage, thief, owner, mine, other: target } = await inhabited(on, "xfs");
  const own = [mine];
  const server = "our server";
  const attack = async (what: string, machine: Machine, from: string): Promise<Report> => {
    const way = wayTo(storage.machine, from);
    const errand = { way, own, symlink: null, paths: pathsTo(target), uids, victim: target.victim };
    const report = await sendThief(machine, errand);
    const raid = { against: what, report, fileName: target.victim.fileName, secret: target.secret };
    await nothingStolen(t, storage, target, raid);
    return report;
  };
  const refused = (what: string, report: Report): void => {
    t.is(report.refused, "login refused: bad credential", what);
    cases.push({ attack: what, against: server, outcome: report.refused ?? "" });
  };

  const elsewhere = "10.77.0.71";
  for (const [what, machine] of [
    ["NFS from a machine that is no node", on.node(3)],
    ["NFS from another address of a node that has a volume", thief.machine],
  ] as const) {
    await machine.must(`ip address add ${elsewhere}/24 dev eth0`);
    const removed = (): Promise<unknown> => machine.run(`ip address del ${elsewhere}/24 dev eth0`);
    on.afterwards(removed);
    refused(what, await attack(what, machine, elsewhere));
    await removed();
  }

  // Its owner is there at the same time.
  await thief.ask("storage", {}, undefined);
  const copied = new BareNode(thief.name, owner.machine, owner.address, storage);
  const stolen = await copied.try("storage", {}, undefined, thief.identity);
  denied(t, "a copied certificate from another address", stolen);
  const nobody = await copied.try(
    "catalog",
    {},
    { seen: null },
    {
      authority: thief.identity.authority,
    },
  );
  denied(t, "the control API without a certificate", nobody);

  const { victim } = target;
  const foreign = { id: null, consumers: ["container thief"] };
  const name = victim.path.at(-1) ?? "";
  denied(t, "attaching a volume of another app", await thief.try("attach", { name }, foreign));
  denied(t, "removing it", await thief.try("removeVolume", { name }, undefined));
  denied(t, "changing its rules", await thief.try("changeVolume", { name }, { hosts: ["*"] }));
  const token = { node: "another", cidr: null, validMs: 3_600_000, replace: true };
  denied(t, "making a join token as a node", await thief.try("token", {}, token));
  for (const { id, nodeId } of (await storage.ask("leases", {}, undefined)).leases)
    if (nodeId === owner.id)
      denied(t, "taking away a lease as a node", await thief.try("revokeLease", { id }, undefined));

  const nothingLeft = (what: string, { attempts }: Report): void => {
    t.is(attempts.filter((each) => each.refused === null).length, 0, what);
    cases.push({ attack: what, against: server, outcome: "nothing of it is reached" });
  };
  await thief.ask("detach", { name: mine }, {});
  const given = await attack("given back", thief.machine, thief.address);
  nothingLeft("NFS after a volume was given back", given);

  // It says nothing for three minutes. What it had alone is kept for it until somebody else needs it.
  const wanted = on.name("wanted");
  const options = { app: on.name("app"), access: "exclusive" };
  await thief.ask("createVolume", {}, { name: wanted, options });
  for (const each of [mine, wanted]) await thief.ask("attach", { name: each }, attachment);
  await eventually(
    async () =>
      (await storage.ask("leases", {}, undefined)).leases.every(({ volume }) => volume !== mine),
    "the lease of a silent node is over",
    600_000,
  );
  const expired = await attack("expired", thief.machine, thief.address);
  nothingLeft("NFS after a lease has expired, for a node that was silent", expired);
  await owner.ask("attach", { name: wanted }, attachment);
  refused(
    "NFS from a node that was silent and fenced",
    await attack("fenced", thief.machine, thief.address),
  );

  await storage.ask("revokeNode", { id: thief.id }, undefined);
  denied(t, "a revoked certificate", await thief.try("storage", {}, undefined));
  refused(
    "NFS from a node that was thrown out",
    await attack("revoked", thief.machine, thief.address),
  );
});

test("a join token is good for one node, once, from where it may be used, and not for long", async (t) => {
  t.timeout(900_000);
  const storage = new StorageNode(on.lab);
  const [first, second] = [on.name("first"), on.name("second")];
  const token = async (validMs = 3_600_000, cidr: string | null = null): Promise<string> => {
    const asked = { node: first, cidr, validMs, replace: true };
    return (await storage.ask("token", {}, asked)).token;
  };
  const [here, there] = ["10.77.0.61", "10.77.0.62"];
  for (const [machine, address] of [
    [on.node(1), here],
    [on.node(2), there],
  ] as const) {
    await machine.must(`ip address add ${address}/24 dev eth0`);
    on.afterwards(() => machine.run(`ip address del ${address}/24 dev eth0`));
  }
  const node = new BareNode(first, on.node(1), here, storage);
  on.afterwards(() => thrownOut(storage, first));
  const refused = async (what: string, why: Promise<string | null>): Promise<void> => {
    const outcome = (await why) ?? "";
    t.not(outcome, "", what);
    t.notRegex(outcome, /does not answer/, what);
    const plain = outcome.replaceAll(on.name(""), "");
    cases.push({ attack: what, against: "our server", outcome: plain });
  };

  const shortLived = await token(60_000);
  const expires = performance.now() + 61_000;
  await refused("a join token for another name", node.join(await token(), second));
  const elsewhere = await token(3_600_000, `${there}/32`);
  await refused("a join token from where it may not be used", node.join(elsewhere));
  const good = await token();
  t.is(await node.join(good), null);
  const thief = new BareNode(first, on.node(2), there, storage);
  await refused("a join token that was used", thief.join(good));
  await eventually(() => performance.now() > expires, "the short-lived token has expired");
  await refused("a join token that has expired", thief.join(shortLived));
});

test("containers with a network of their own do not speak NFS to the storage; the node's own can", async (t) => {
  t.timeout(1_200_000);
  const [machine, storage] = [on.node(1), new StorageNode(on.lab)];
  // The guard stands as soon as the node has a volume mounted, and that volume is what the node may have.
  const name = await on.volume("guarded");
  await on.container(machine, name, name, "sleep 1000000");
  const { app, fsid } = await storage.ask("volume", { name }, undefined);
  const seen = { path: [name], exportNumber: fsid };
  const planted = await plant(storage.machine, `/nfs_volumes/apps/${app}/${name}`, seen);
  const { fileName } = planted.victim;
  const { address } = machine.plan;
  const attack = async (flags: string): Promise<Report> => {
    const way = wayTo(storage.machine);
    const errand = { way, own: [name], symlink: null, paths: [], uids, victim: planted.victim };
    return sendThief(machine, errand, inContainer(flags));
  };
  for (const [who, flags] of [
    ["root", "--network bridge"],
    ["uid 1000", "--network bridge --user 1000"],
  ] as const) {
    const { refused } = await attack(flags);
    t.regex(refused ?? "", /ECONNREFUSED/, who);
    const outcome = refused ?? "";
    cases.push({ attack: `NFS from a container, as ${who}`, against: "the guard", outcome });
  }
  const trusted = await attack("--network host");
  t.true(lootOf(trusted, fileName, planted.secret).size > 0);
  cases.push({
    attack: `NFS from a container in the network of the host (${address})`,
    against: "the guard",
    outcome: "what the node itself has: it is trusted",
  });
});

function denied(
  t: ExecutionContext,
  attack: string,
  outcome: Awaited<ReturnType<BareNode["try"]>>,
): void {
  const { refused = "", code = "" } = "refused" in outcome ? outcome : {};
  t.not(refused, "", attack);
  t.not(code, "unavailable", attack);
  cases.push({ attack, against: "our server", outcome: refused.replaceAll(on.name(""), "") });
}
