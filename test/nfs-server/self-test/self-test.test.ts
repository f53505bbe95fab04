import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import { exportNumbers, placeOf } from "../../../nfs-server/self-test/own-exports.ts";
import { ProvedExports } from "../../../nfs-server/self-test/proved-exports.ts";
import type { Known, Scratch } from "../../../nfs-server/self-test/scratch.ts";
import type { TlsIdentity } from "../../../storage/tls/tlshd.ts";
import { SelfTest, type SelfTestParts } from "../../../nfs-server/self-test/self-test.ts";
import { Authority } from "../../../nfs-server/nodes/authority.ts";
import { systemClock } from "../../../service/clock.ts";
import type { Exports } from "../../../nfs-server/exports/exports.ts";
import { FakeNfsServer, idOf, pseudoRoot, status, type Asked } from "./fake-nfs-server.ts";

const { granted, other } = exportNumbers;
const number = { data: 2, own: 10, above: 11, granted: 12, other: 13, file: 14 };
const files = new Map([
  [number.data, { name: "", parent: null }],
  [number.own, { name: ".swarmnfs", parent: number.data }],
  [number.above, { name: "self-test", parent: number.own }],
  [number.granted, { name: "granted", parent: number.above }],
  [number.other, { name: "other", parent: number.above }],
  [number.file, { name: "sample", parent: number.other }],
  [pseudoRoot, { name: "", parent: null }],
  [99, { name: placeOf("other"), parent: pseudoRoot }],
]);
const known = (name: keyof typeof number): Known => ({
  number: BigInt(number[name]),
  id: idOf(number[name]),
});
const scratch: Scratch = {
  granted: known("granted"),
  other: known("other"),
  file: known("file"),
  above: known("above"),
  own: known("own"),
  data: known("data"),
};

class World {
  readonly server: FakeNfsServer;
  readonly did: string[] = [];
  disk = "one";
  address: string | null = "127.0.0.1";
  boundMs = 20_000;
  identity: TlsIdentity | null = null;
  heedsCertificates = true;
  scratch: SelfTestParts["scratch"] = async () => scratch;

  constructor(server: FakeNfsServer) {
    this.server = server;
  }

  test(): SelfTest {
    const { exports } = this.server;
    return new SelfTest({
      exports: {
        open: async (from) => {
          this.did.push(`open ${from}`);
          exports.set(0, pseudoRoot).set(granted, number.granted).set(other, number.other);
        },
        refuseOther: () => void exports.delete(other),
        demandCertificate: () => {
          this.did.push("certificate demanded");
          if (this.heedsCertificates) this.server.certified.add(granted);
        },
        close: async (from) => {
          this.did.push(`close ${from}`);
          exports.clear();
        },
      },
      scratch: () => this.scratch(),
      disk: async () => this.disk,
      address: () => this.address,
      identity: async () => this.identity,
      port: this.server.port,
      mechanism: "subtree_check",
      stopServing: async () => void this.did.push("stopped"),
      clock: { now: () => Date.parse("2026-03-01T00:00:00Z") },
      log: pino({ level: "silent" }),
      anyPort: true,
      boundMs: this.boundMs,
    });
  }
}

const withServer = test.macro({
  exec: async (t, run: (t: ExecutionContext, world: World) => Promise<void>): Promise<void> => {
    const server = await FakeNfsServer.start(files);
    t.teardown(() => server.stop());
    await run(t, new World(server));
  },
  title: (title = "") => title,
});

const at = "2026-03-01T00:00:00Z";

test("a kernel that isolates passes, and nothing is left at it", withServer, async (t, world) => {
  const self = world.test();
  t.deepEqual(await self.run(), { state: "passed", at, by: "subtree_check" });
  t.deepEqual(world.did, ["open 127.78.70.83", "close 127.78.70.83"]);
  t.notThrows(() => self.demandIsolation());
});

test(
  "a kernel that opens whatever a handle names fails: nothing is served any more",
  withServer,
  async (t, world) => {
    world.server.verdict = () => status.ok;
    const self = world.test();
    const outcome = await self.run();
    t.like(outcome, { state: "failed", at });
    t.regex(outcome.state === "failed" ? outcome.what : "", /^another directory, .*data directory/);
    t.deepEqual(world.did.slice(1), ["close 127.78.70.83", "stopped"]);
    t.throws(() => self.demandIsolation(), { code: "unavailable", message: /another directory/ });
    const exports = new ProvedExports({} as Exports, () => self);
    const volume = { volume: "v", app: "a", fsid: 1, readOnly: false, squash: null };
    await t.throwsAsync(exports.grant("node", volume), { code: "unavailable" });
    // Nobody has mended it.
    world.server.verdict = (_, isBelow) => (isBelow ? status.ok : status.stale);
    await self.again();
    t.is(self.outcome.state, "failed");
  },
);

const holes: readonly (readonly [string, Asked])[] = [
  ["another directory", { fsid: granted, file: number.other }],
  ["a file in another directory", { fsid: granted, file: number.file }],
  ["the directory above", { fsid: granted, file: number.above }],
  ["the server's own folder", { fsid: granted, file: number.own }],
  ["the data directory", { fsid: granted, file: number.data }],
  ["another directory, from the root of all exports", { fsid: 0, file: number.other }],
  ["the data directory, from the root of all exports", { fsid: 0, file: number.data }],
  ["another directory, by its name", { fsid: 0, file: 99 }],
];
for (const [what, hole] of holes)
  test(`one hole is enough to fail: ${what}`, withServer, async (t, world) => {
    world.server.verdict = ({ fsid, file }, isBelow) => {
      const isHole = fsid === hole.fsid && file === hole.file;
      const isShown = isBelow && fsid !== 0;
      return isHole || isShown ? status.ok : status.stale;
    };
    const outcome = await world.test().run();
    t.is(outcome.state, "failed");
    t.true(outcome.state === "failed" && outcome.what.startsWith(what));
  });

test("a kernel that does not forget what was taken away fails", withServer, async (t, world) => {
  const self = world.test();
  world.server.exports.delete = () => true;
  const outcome = await self.run();
  t.is(
    outcome.state === "failed" ? outcome.what : "",
    "what was taken away, by its own number, what was taken away, as an export's root",
  );
});

test("a server that refuses everything proves nothing", withServer, async (t, world) => {
  world.server.verdict = () => status.access;
  const self = world.test();
  const outcome = await self.run();
  t.like(outcome, { state: "impossible" });
  t.regex(outcome.state === "impossible" ? outcome.why : "", /granted directory.*ACCESS/);
  t.notThrows(() => self.demandIsolation());
  t.false(world.did.includes("stopped"));
  world.server.verdict = (_, isBelow) => (isBelow ? status.ok : status.stale);
  await self.again();
  t.is(self.outcome.state, "passed");
});

test("neither does one that finds something else", withServer, async (t, world) => {
  world.scratch = async () => ({ ...scratch, granted: { ...scratch.granted, number: 77n } });
  t.like(await world.test().run(), { state: "impossible" });
});

test("nor one that answers what is neither yes nor no", withServer, async (t, world) => {
  world.server.verdict = (_, isBelow) => (isBelow ? status.ok : status.serverFault);
  const outcome = await world.test().run();
  t.regex(outcome.state === "impossible" ? outcome.why : "", /SERVERFAULT/);
});

test("who says 'later' is asked later", withServer, async (t, world) => {
  let times = 3;
  world.server.verdict = (_, isBelow) => {
    if ((times -= 1) > 0) return status.delay;
    return isBelow ? status.ok : status.stale;
  };
  t.like(await world.test().run(), { state: "passed" });
});

test("who says nothing, or 'later' for ever, is given up", withServer, async (t, world) => {
  world.boundMs = 300;
  world.server.isSilent = true;
  const silent = await world.test().run();
  t.regex(silent.state === "impossible" ? silent.why : "", /0\.3 s/);
  world.server.isSilent = false;
  world.server.verdict = () => status.delay;
  t.like(await world.test().run(), { state: "impossible" });
});

test("without an address, a storage or a server it says so", withServer, async (t, world) => {
  world.address = null;
  const nowhere = await world.test().run();
  t.regex(nowhere.state === "impossible" ? nowhere.why : "", /no address/);
  world.address = "127.0.0.1";
  world.scratch = async () => {
    throw new Error("no storage here");
  };
  const empty = await world.test().run();
  t.regex(empty.state === "impossible" ? empty.why : "", /no storage here/);
  world.scratch = async () => scratch;
  const self = world.test();
  world.server.stop();
  const nobody = await self.run();
  t.regex(nobody.state === "impossible" ? nobody.why : "", /ECONNREFUSED/);
});

test("another data disk is tested again, the same one is not", withServer, async (t, world) => {
  const self = world.test();
  await self.run();
  t.is((await self.look()).state, "passed");
  await self.again();
  t.is(world.did.length, 2);
  world.disk = "two";
  t.is((await self.look()).state, "outdated");
  await self.again();
  t.is(world.did.length, 4);
  t.is((await self.look()).state, "passed");
});

async function identities(
  t: ExecutionContext,
): Promise<{ readonly server: TlsIdentity; readonly client: TlsIdentity }> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-self-test-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const authority = await Authority.open(folder, false, systemClock);
  const { key, chain } = await authority.serverIdentity(["127.0.0.1"]);
  const { certificate } = authority;
  return {
    server: { key, certificate: chain, authority: certificate },
    client: { ...(await authority.ownClient()), authority: certificate },
  };
}

test("over TLS it needs a certificate, and is refused without", withServer, async (t, world) => {
  const { client, server } = await identities(t);
  world.identity = client;
  world.server.identity = server;
  t.deepEqual(await world.test().run(), { state: "passed", at, by: "subtree_check" });
  t.true(world.did.includes("certificate demanded"));
});

test("a server that lets in who has no certificate fails", withServer, async (t, world) => {
  const { client, server } = await identities(t);
  world.identity = client;
  world.server.identity = server;
  world.heedsCertificates = false;
  const outcome = await world.test().run();
  t.is(
    outcome.state === "failed" ? outcome.what : "",
    "the granted directory, without a certificate",
  );
});

test(
  "a server that knows no TLS, or does not know us, proves nothing",
  withServer,
  async (t, world) => {
    world.identity = (await identities(t)).client;
    const plain = await world.test().run();
    t.regex(plain.state === "impossible" ? plain.why : "", /speaks no TLS/);
    world.server.identity = (await identities(t)).server;
    t.like(await world.test().run(), { state: "impossible" });
  },
);
