import { randomUUID } from "node:crypto";
import test from "ava";
import { pino } from "pino";
import type { Export, Exports } from "../../../nfs-server/exports/exports.ts";
import { AllowedHosts } from "../../../nfs-server/policy/allowed-hosts.ts";
import { parseHostRule } from "../../../nfs-server/policy/host-pattern.ts";
import { StaticGrants } from "../../../nfs-server/policy/static-grants.ts";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import { parseOptions } from "../../../storage/rules/options.ts";
import { newApp, newVolume } from "../../../storage/rules/new-volume.ts";

test("hosts are admitted and granted by name and address, and what stands is not told again", async (t) => {
  const world = new World({ "tv.lan": ["10.0.0.7", "fd00::7"] });
  world.add("media");
  const grants = world.grants({ volume: "media", hosts: ["tv.lan", "10.0.0.9"], mode: "ro" });
  await grants.round();
  t.deepEqual(world.said, [
    "admit static-10.0.0.7 10.0.0.7",
    "grant static-10.0.0.7 media ro",
    "admit static-fd00__7 fd00::7",
    "grant static-fd00__7 media ro",
    "admit static-10.0.0.9 10.0.0.9",
    "grant static-10.0.0.9 media ro",
  ]);
  await grants.round();
  t.is(world.said.length, 6);
  t.like(grants.list()[0], { volume: "media", host: "tv.lan", address: "10.0.0.7", mode: "ro" });
  t.deepEqual(grants.notes, []);
});

test("an address that a name has no more loses everything, and is a stranger's", async (t) => {
  const world = new World({ "tv.lan": ["10.0.0.7"] });
  world.add("media");
  const grants = world.grants({ volume: "media", hosts: ["tv.lan"], mode: "rw" });
  await grants.round();
  world.dns.set("tv.lan", ["10.0.0.8"]);
  world.said.length = 0;
  await grants.round();
  t.deepEqual(world.said, [
    "revoke static-10.0.0.7 media",
    "dismiss 10.0.0.7",
    "admit static-10.0.0.8 10.0.0.8",
    "grant static-10.0.0.8 media rw",
  ]);
});

test("while the DNS is dead the last addresses hold; a name that never had any gets nothing", async (t) => {
  const world = new World({ "tv.lan": ["10.0.0.7"] });
  world.add("media");
  const grants = world.grants({ volume: "media", hosts: ["tv.lan", "new.lan"], mode: "ro" });
  await grants.round();
  world.dns.clear();
  world.said.length = 0;
  await grants.round();
  t.deepEqual(world.said, []);
  t.is(grants.list().length, 1);
  t.regex(grants.notes.join(), /host new\.lan has no address: .* write its address/);
});

test("a volume may come later, change, and go", async (t) => {
  const world = new World();
  const grants = world.grants({ volume: "media", hosts: ["10.0.0.9"], mode: "rw" });
  await grants.round();
  t.deepEqual(world.said, []);
  t.regex(
    grants.notes.join(),
    /"media" to hosts without a plugin, and there is no such volume yet/,
  );

  world.add("media");
  await grants.round();
  t.true(world.said.includes("grant static-10.0.0.9 media rw"));
  t.deepEqual(grants.notes, []);

  world.add("media", { access: "readonly" });
  await grants.round();
  t.true(world.said.includes("grant static-10.0.0.9 media ro"));

  world.volumes.delete("media");
  await grants.round();
  t.deepEqual(world.said.slice(-2), ["revoke static-10.0.0.9 media", "dismiss 10.0.0.9"]);
  t.deepEqual(grants.list(), []);
});

test("exclusive volumes and the whole storage are for enrolled nodes alone", async (t) => {
  const world = new World();
  world.add("db", { access: "exclusive" });
  world.add("all", { root: "true" });
  const grants = world.grants(
    { volume: "db", hosts: ["10.0.0.9"], mode: "ro" },
    { volume: "all", hosts: ["10.0.0.9"], mode: "ro" },
  );
  await grants.round();
  t.deepEqual(world.said, []);
  t.regex(grants.notes.join("\n"), /"db" .* exclusive[\S\s]*"all" .* whole storage/);
});

test("allowed hosts bound the policy as well", async (t) => {
  const world = new World({ "tv.lan": ["10.9.0.7"], "nas.lan": ["10.9.0.8"] });
  world.add("media");
  world.allowed = new AllowedHosts(["tv.lan", "10.0.0.0/24"].map(parseHostRule));
  const grants = world.grants({
    volume: "media",
    hosts: ["tv.lan", "nas.lan", "10.0.0.9"],
    mode: "ro",
  });
  await grants.round();
  t.deepEqual(
    grants.list().map(({ address }) => address),
    ["10.9.0.7", "10.0.0.9"],
  );
  t.regex(grants.notes.join(), /nas\.lan \(10\.9\.0\.8\) is not among SWARMNFS_ALLOWED_HOSTS/);
});

test("an address that became a node's is left to the node", async (t) => {
  const world = new World();
  world.add("media");
  const grants = world.grants({ volume: "media", hosts: ["10.0.0.9"], mode: "rw" });
  await grants.round();
  world.nodes.set("10.0.0.9", "node1");
  world.said.length = 0;
  await grants.round();
  t.deepEqual(world.said, ["revoke static-10.0.0.9 media"]);
  t.regex(grants.notes.join(), /10\.0\.0\.9\) is node "node1"/);
});

test("of two names for one address with two modes the narrower mode holds", async (t) => {
  const world = new World({ a: ["10.0.0.9"], b: ["10.0.0.9"] });
  world.add("media");
  const grants = world.grants(
    { volume: "media", hosts: ["a"], mode: "ro" },
    { volume: "media", hosts: ["b"], mode: "rw" },
  );
  await grants.round();
  t.deepEqual(
    world.said.filter((line) => line.startsWith("grant")),
    ["grant static-10.0.0.9 media ro"],
  );
});

test("a storage that does not answer for a moment takes nothing away", async (t) => {
  const world = new World();
  world.add("media");
  const grants = world.grants({ volume: "media", hosts: ["10.0.0.9"], mode: "rw" });
  await grants.round();
  world.said.length = 0;
  world.away = true;
  await grants.round();
  t.deepEqual(world.said, []);
  t.is(grants.list().length, 1);
  t.regex(grants.notes.join(), /"media" of the policy cannot be looked at: the disk hangs/);
});

test("what the kernel refused is tried again in the next round", async (t) => {
  const world = new World();
  world.add("media");
  const grants = world.grants({ volume: "media", hosts: ["10.0.0.9"], mode: "rw" });
  world.broken = true;
  await grants.round();
  t.deepEqual(grants.list(), []);
  t.regex(grants.notes.join(), /10\.0\.0\.9 could not be given what the policy says: EINVAL/);
  world.broken = false;
  await grants.round();
  t.is(grants.list().length, 1);
  t.deepEqual(grants.notes, []);
});

/** Everything around static grants; what the kernel is told is noted, a line each. */
class World implements Exports {
  readonly said: string[] = [];
  readonly dns: Map<string, readonly string[]>;
  readonly volumes = new Map<string, VolumeRecord>();
  readonly nodes = new Map<string, string>();
  allowed = new AllowedHosts([parseHostRule("*")]);
  away = false;
  broken = false;

  constructor(dns: Readonly<Record<string, readonly string[]>> = {}) {
    this.dns = new Map(Object.entries(dns));
  }

  add(name: string, options: Record<string, string> = {}): void {
    const parsed = parseOptions(options);
    const birth = { id: randomUUID(), fsid: 7, createdAt: "2026-01-01T00:00:00Z", createdBy: "x" };
    const record = newVolume(
      name,
      parsed,
      newApp(parsed.root ? "root" : name, parsed, birth),
      birth,
    );
    this.volumes.set(name, { ...record, state: "ready" });
  }

  grants(
    ...grants: { volume: string; hosts: readonly string[]; mode: "ro" | "rw" }[]
  ): StaticGrants {
    return new StaticGrants(
      grants.map(({ volume, hosts, mode }) => ({ volume, hosts: hosts.map(parseHostRule), mode })),
      {
        exports: this,
        allowed: this.allowed,
        lookup: (host) =>
          this.dns.has(host)
            ? Promise.resolve(this.dns.get(host) ?? [])
            : Promise.reject(Object.assign(new Error("dead"), { code: "EAI_AGAIN" })),
        memory: null,
        volume: (name) =>
          this.away
            ? Promise.reject(new Error("the disk hangs"))
            : Promise.resolve(this.volumes.get(name) ?? null),
        nodeAt: (address) => this.nodes.get(address) ?? null,
        clock: { now: () => 0 },
        log: pino({ level: "silent" }),
      },
    );
  }

  admit = (client: string, address: string): Promise<void> =>
    this.#note(`admit ${client} ${address}`);
  dismiss = (address: string): Promise<void> => this.#note(`dismiss ${address}`);
  grant = (client: string, { volume, readOnly }: Export): Promise<void> =>
    this.broken
      ? Promise.reject(new Error("EINVAL"))
      : this.#note(`grant ${client} ${volume} ${readOnly ? "ro" : "rw"}`);
  revoke = (client: string, volume: string): Promise<void> =>
    this.#note(`revoke ${client} ${volume}`);
  withdraw = (volume: string): Promise<void> => this.#note(`withdraw ${volume}`);

  async #note(line: string): Promise<void> {
    this.said.push(line);
  }
}
