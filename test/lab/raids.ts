import path from "node:path";
import type { ExecutionContext } from "ava";
import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";
import { say } from "./eventually.ts";
import { inhabited } from "./inhabited.ts";
import { exportPlainly, unexportPlainly, type FileSystem } from "./plain-exports.ts";
import type { Raid } from "./raw-nfs/attack-page.ts";
import type { Errand } from "./raw-nfs/errand.ts";
import { lootOf } from "./raw-nfs/loot.ts";
import { sendThief } from "./send-thief.ts";
import type { StorageNode } from "./storage-node.ts";
import { damage, plant, victimUid, type Planted } from "./victim.ts";
import { hexOf, names, pathsTo, wayTo } from "./ways-in.ts";

/** Whom the thief claims to be: root, the owner of what it wants, and nobody. */
export const uids = [0, victimUid, 65_534] as const;

/** A thief robs a plain export, as everybody makes them: it must succeed, or all else proves nothing. */
export async function robbed(t: ExecutionContext, on: Cluster, kind: FileSystem): Promise<Raid> {
  const [thief, other] = [on.node(1), on.node(2)];
  on.afterwards(() => unexportPlainly(on.nas));
  const { mine, yours } = await exportPlainly(on.nas, kind, {
    address: thief.plan.address,
    other: other.plan.address,
    options: "no_subtree_check",
  });
  const planted = await plant(on.nas, yours, { path: names(yours), exportNumber: null });
  const raid = await raidOf(`plain export, ${kind}`, planted, thief, {
    way: wayTo(on.nas),
    own: names(mine),
    symlink: "way-out",
    paths: [[], names(yours).slice(0, -1)],
  });
  const loot = lootOf(raid.report, raid.fileName, raid.secret);
  const deeds = new Set(Array.from(loot.values(), (each) => Array.from(each)).flat());
  t.deepEqual([...deeds].toSorted(), ["listed", "read", "written"]);
  t.not(await damage(on.nas, planted), "");
  // Names lead nowhere even there.
  t.deepEqual(
    [...loot.keys()].filter((by) => !by.startsWith("handle: own fsid")),
    [],
  );
  return raid;
}

/** The same thief has one volume of our server and wants two others, of another app and of its own. */
export async function robbedInVain(
  t: ExecutionContext,
  on: Cluster,
  kind: FileSystem,
): Promise<readonly Raid[]> {
  const { storage, thief, mine, other, alone } = await inhabited(on, kind);
  const wanted = { "another app": other, "exclusive, own app": alone };
  const [since, stale] = [await storage.now(), await storage.staleHandles()];
  const raids: Raid[] = [];
  for (const [what, each] of Object.entries(wanted)) {
    const raid = await raidOf(`our server, ${kind}: ${what}`, each, thief.machine, {
      way: wayTo(storage.machine, thief.address),
      own: [mine],
      symlink: "way-out",
      paths: pathsTo(each),
    });
    // It was inside its own volume all the while.
    t.true(raid.report.attempts.some(({ by }) => by.startsWith("handle: own fsid")));
    await nothingStolen(t, storage, each, raid);
    raids.push(raid);
  }
  // What the kernel refuses by itself moves its counter; what it asks is written down.
  t.true((await storage.staleHandles()) > stale);
  const log = await storage.log(since);
  const asked = `"fsid":"${hexOf(other.victim.exportNumber ?? 0)}"`;
  t.true(
    log.split("\n").some((line) => line.includes(asked) && line.includes(`"answer":"no"`)),
    `no audit line has ${asked}`,
  );
  return raids;
}

/** Neither did it see or write anything by what it was told, nor is anything different on the disk. */
export async function nothingStolen(
  t: ExecutionContext,
  storage: StorageNode,
  planted: Planted,
  { against, report, fileName, secret }: Raid,
): Promise<void> {
  t.deepEqual([...lootOf(report, fileName, secret)], [], against);
  t.is(await damage(storage.machine, planted), "", against);
}

async function raidOf(
  against: string,
  { victim, secret, directory }: Planted,
  machine: Machine,
  errand: Omit<Errand, "victim" | "uids">,
): Promise<Raid> {
  const report = await sendThief(machine, { ...errand, victim, uids });
  const { fileName } = victim;
  // The same attack has the same name, whatever the volume is called.
  const inGeneral = namesOf(victim.path, directory);
  for (const each of report.attempts) Object.assign(each, { by: inGeneral(each.by) });
  const raid = { against, report, fileName, secret };
  for (const [by, deeds] of lootOf(report, fileName, secret))
    say(`${against}: ${by}: ${[...deeds].join(", ")}`);
  return raid;
}

function namesOf(way: readonly string[], directory: string): (by: string) => string {
  const app = path.basename(path.dirname(directory));
  const aliases = [
    [`/${way.join("/")}`, "/VOLUME"],
    [`/${way.slice(0, -1).join("/")}`, "/PARENT"],
    [way.at(-1) ?? "", "VOLUME"],
    [`/${app}`, "/APP"],
  ].filter(([name = ""]) => name.length > 1);
  return (by) => aliases.reduce((text, [name = "", alias = ""]) => text.replace(name, alias), by);
}
