import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import { PrivateMount } from "../../../storage/nfs/private-mount.ts";
import { parseNfsUrl } from "../../../storage/nfs/nfs-url.ts";
import { NfsPresence } from "../../../storage/nfs/presence.ts";
import { ServerName } from "../../../storage/nfs/server-name.ts";
import type { PortAnswer } from "../../../storage/nfs/server-port.ts";
import type { NfsIdentity } from "../../../storage/storage-server.ts";
import { eventually } from "../eventually.ts";
import { failed, mountTable, type MountTable } from "./mount-table.ts";

const second = 1000;

interface Scene {
  readonly presence: NfsPresence;
  readonly table: MountTable;
  /** Counted: look-ups, knocks, identities. */
  readonly asked: string[];
  addresses: readonly string[] | Error;
  port: Record<string, PortAnswer | Promise<PortAnswer>>;
  identify: (another: string | null) => Promise<NfsIdentity>;
  /** The kernel's connections, or null where it does not show them. */
  connections: string[] | null;
  pass(ms: number): void;
}

/** A server at 10.0.0.5 that answers, and a clock that stands still. */
function scene(caller = 5 * second, answered = 0): Scene {
  let now = Date.parse("2026-03-01T14:02:11Z");
  const clock = { now: () => now };
  const table = mountTable();
  const asked: string[] = [];
  const lookup = async (): Promise<readonly string[]> => {
    asked.push("name");
    if (made.addresses instanceof Error) throw made.addresses;
    return made.addresses;
  };
  const presence = new NfsPresence(parseNfsUrl("nfs://nas.lan/volume1?vers=4.1"), {
    name: new ServerName("nas.lan", lookup, clock),
    knock: async (address) => {
      asked.push(`knock ${address}`);
      return made.port[address] ?? "no-route";
    },
    mount: new PrivateMount("/mnt/storage", table),
    transports: {
      withTransports: (work) => {
        if (made.connections === null) return Promise.reject(new Error("ENOENT"));
        const { connections } = made;
        return work(
          connections.map((address, index) => ({
            address,
            port: 2049,
            move: async (to) => {
              asked.push(`move ${address} to ${to}`);
              connections[index] = to;
            },
          })),
        );
      },
    },
    identify: (another) => made.identify(another),
    clock,
    patience: { caller, answered, remount: 10 * second, name: 30 * second },
  });
  const made: Scene = {
    presence,
    table,
    asked,
    addresses: ["10.0.0.5"],
    port: { "10.0.0.5": "open" },
    identify: async () => {
      asked.push("identify");
      return { name: "id-1", isOurs: true };
    },
    connections: [],
    pass: (ms) => {
      now += ms;
    },
  };
  return made;
}

function mounted({ table }: Scene): readonly string[] {
  return table.mounts.map(({ source }) => source);
}

test("name, port, identity, mount, in this order; after that nothing is done while all is well", async (t) => {
  const it = scene();
  t.is(it.presence.address, null);
  await it.presence.ensure();
  t.deepEqual(it.asked, ["name", "knock 10.0.0.5", "identify"]);
  t.deepEqual(mounted(it), ["swarmnfs-cover", "10.0.0.5:/volume1"]);
  t.is(it.presence.address, "10.0.0.5");
  await it.presence.ensure();
  t.is(it.asked.length, 3);
  t.is(it.table.did.length, 2);
});

test("twenty callers share one attempt", async (t) => {
  const it = scene();
  await Promise.all(Array.from({ length: 20 }, () => it.presence.ensure()));
  t.deepEqual(it.asked, ["name", "knock 10.0.0.5", "identify"]);
});

test("a mount that is there already is taken over", async (t) => {
  const it = scene();
  const options = "rw,nosuid,nodev,noexec";
  it.table.mounts.push({
    type: "nfs4",
    source: "10.0.0.5:/volume1",
    place: "/mnt/storage",
    options,
  });
  await it.presence.ensure();
  t.deepEqual(it.table.did, []);
  it.presence.doubt();
  await it.presence.ensure();
  t.deepEqual(it.table.did, ["umount", "mount swarmnfs-cover", "mount 10.0.0.5:/volume1"]);
});

for (const [answer, message] of [
  ["refused", /^nas\.lan \(10\.0\.0\.5\) refuses connections on port 2049/],
  ["silent", /^nas\.lan \(10\.0\.0\.5\) does not answer on port 2049/],
  ["no-route", /no way from this node to nas\.lan \(10\.0\.0\.5\)/],
] as const) {
  test(`no mount is tried while the port is ${answer}`, async (t) => {
    const it = scene();
    it.port["10.0.0.5"] = answer;
    await t.throwsAsync(it.presence.ensure(), { name: "UserError", code: "unavailable", message });
    t.deepEqual(it.table.did, []);
    t.false(it.asked.includes("identify"));
    it.port["10.0.0.5"] = "open";
    await it.presence.ensure();
    t.is(mounted(it).length, 2);
  });
}

test("a mount that failed is told in words for people, and tried again", async (t) => {
  const it = scene();
  it.table.fail = (source) =>
    failed(`mount.nfs4: access denied by server while mounting ${source}`);
  await t.throwsAsync(it.presence.ensure(), { message: /does not let this node mount \/volume1/ });
  it.table.fail = () => null;
  await it.presence.ensure();
  t.deepEqual(mounted(it), ["swarmnfs-cover", "10.0.0.5:/volume1"]);
});

test("a mount that does not work is made anew, but not again and again", async (t) => {
  const it = scene();
  await it.presence.ensure();
  it.presence.doubt();
  await it.presence.ensure();
  t.is(it.table.did.length, 2, "it is only just mounted");
  it.pass(11 * second);
  it.presence.doubt();
  await it.presence.ensure();
  t.deepEqual(it.table.did.slice(2), [
    "umount",
    "umount",
    "mount swarmnfs-cover",
    "mount 10.0.0.5:/volume1",
  ]);
});

test("a mount that somebody took away is put back", async (t) => {
  const it = scene();
  await it.presence.ensure();
  it.table.mounts.pop();
  it.presence.doubt(); // as a keeper does that finds the cover
  await it.presence.ensure();
  t.deepEqual(mounted(it), ["swarmnfs-cover", "10.0.0.5:/volume1"]);
});

test("a server in trouble that has another address by now is mounted from there", async (t) => {
  const it = scene();
  await it.presence.ensure();
  it.addresses = ["10.0.0.6"];
  it.port = { "10.0.0.6": "open" };
  it.presence.doubt();
  await it.presence.ensure();
  t.deepEqual(mounted(it), ["swarmnfs-cover", "10.0.0.6:/volume1"]);
  t.is(it.presence.address, "10.0.0.6");
});

test("a server that moved is followed although the old one answers, once the new one does", async (t) => {
  const it = scene();
  await it.presence.ensure();
  it.addresses = ["10.0.0.6"];
  const seen = (what: string) => () => it.asked.filter((each) => each === what).length;
  it.pass(31 * second);
  await it.presence.ensure();
  await eventually("the new one is asked", () => seen("knock 10.0.0.6")() === 1);
  await it.presence.ensure();
  t.is(it.presence.address, "10.0.0.5", "it does not answer yet");
  it.port["10.0.0.6"] = "open";
  it.pass(31 * second);
  await it.presence.ensure();
  await eventually("the new one is asked again", () => seen("knock 10.0.0.6")() >= 2);
  await eventually("the new one is mounted", async () => {
    await it.presence.ensure();
    return it.presence.address === "10.0.0.6";
  });
  t.deepEqual(mounted(it), ["swarmnfs-cover", "10.0.0.6:/volume1"]);
});

test("of several addresses the one in use is kept as long as it answers", async (t) => {
  const it = scene();
  await it.presence.ensure();
  it.addresses = ["10.0.0.6", "10.0.0.5"];
  it.port["10.0.0.6"] = "open";
  it.presence.doubt();
  await it.presence.ensure();
  t.is(it.presence.address, "10.0.0.5");
  it.port["10.0.0.5"] = "silent";
  it.presence.doubt();
  await it.presence.ensure();
  t.is(it.presence.address, "10.0.0.6");
});

test("with a dead DNS the storage stays usable, and says so", async (t) => {
  const it = scene();
  await it.presence.ensure();
  it.addresses = Object.assign(new Error("getaddrinfo EAI_AGAIN"), { code: "EAI_AGAIN" });
  it.presence.doubt();
  await it.presence.ensure();
  t.is(it.presence.notes.length, 1);
  t.regex(it.presence.notes[0] ?? "", /last known address 10\.0\.0\.5 is used/);
});

test("an identity that cannot be set is noted; a kernel without NFS is told", async (t) => {
  const it = scene();
  it.identify = () => Promise.reject(new Error("EROFS"));
  await it.presence.ensure();
  t.regex(it.presence.notes[0] ?? "", /could not be given a name of its own \(EROFS\)/);
});

test("who waits too long is told, and the attempt goes on for those who come later", async (t) => {
  const it = scene(50);
  const done = Promise.withResolvers<NfsIdentity>();
  it.identify = () => done.promise;
  await t.throwsAsync(it.presence.ensure(), {
    code: "unavailable",
    message: /\/volume1 of nas\.lan is being mounted for this node/,
  });
  done.resolve({ name: "id-1", isOurs: true });
  await it.presence.ensure();
  t.deepEqual(it.presence.identity, { name: "id-1", isOurs: true });
  t.deepEqual(it.asked, ["name", "knock 10.0.0.5"]);
  t.is(mounted(it).length, 2);
});

test("a server that has answered is worth waiting for longer, one that is silent is not", async (t) => {
  const it = scene(50, 60 * second);
  it.identify = async () => {
    await pause(150);
    return { name: "id-1", isOurs: true };
  };
  await it.presence.ensure();
  t.deepEqual(it.presence.identity, { name: "id-1", isOurs: true });

  const silent = scene(50, 60 * second);
  silent.port = { "10.0.0.5": new Promise(() => {}) };
  await t.throwsAsync(silent.presence.ensure(), { code: "unavailable", message: /takes longer/ });
});

test("what is mounted from where the server was is taken along before anything is mounted anew", async (t) => {
  const it = scene();
  await it.presence.ensure();
  it.connections = ["10.0.0.5", "10.0.0.9", "10.0.0.5"];
  it.addresses = ["10.0.0.6"];
  it.port = { "10.0.0.6": "open" };
  it.table.fail = () => (it.connections?.includes("10.0.0.5") === true ? failed("hangs") : null);
  it.presence.doubt();
  await it.presence.ensure();
  t.deepEqual(it.connections, ["10.0.0.6", "10.0.0.9", "10.0.0.6"]);
  t.deepEqual(it.presence.left, []);
  t.deepEqual(mounted(it), ["swarmnfs-cover", "10.0.0.6:/volume1"]);
});

test("as long as the former address answers its connections stay, and follow when it does not", async (t) => {
  const it = scene();
  await it.presence.ensure();
  it.connections = ["10.0.0.5"];
  it.addresses = ["10.0.0.6"];
  it.port["10.0.0.6"] = "open";
  it.presence.doubt();
  await it.presence.ensure();
  t.is(it.presence.address, "10.0.0.6");
  t.deepEqual(it.presence.left, ["10.0.0.5"]);
  it.port["10.0.0.5"] = "silent";
  it.pass(31 * second);
  await it.presence.ensure();
  await eventually("they followed", () => it.presence.left?.length === 0);
  t.deepEqual(it.connections, ["10.0.0.6"]);
});

test("where connections cannot be moved, new mounts part from old ones by another identity, once", async (t) => {
  const it = scene();
  const identities: (string | null)[] = [];
  it.identify = async (another) => {
    identities.push(another);
    return { name: `id-1-${another}`, isOurs: true };
  };
  it.connections = null;
  await it.presence.ensure();
  it.addresses = ["10.0.0.6"];
  it.port = { "10.0.0.6": "open" };
  for (let round = 0; round < 2; round += 1) {
    it.presence.doubt();
    await it.presence.ensure();
  }
  t.is(identities.length, 2);
  t.is(identities[0], null);
  t.regex(identities[1] ?? "", /^[0-9a-z]{8}$/);
  t.deepEqual(it.presence.left, ["10.0.0.5"]);
});
