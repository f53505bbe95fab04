import test, { type ExecutionContext } from "ava";
import { KernelExports } from "../../../nfs-server/exports/kernel-exports.ts";
import type { AuditLine } from "../../../nfs-server/exports/telling.ts";
import { fsidHex, type Question } from "../../../nfs-server/exports/questions.ts";
import type { Export } from "../../../nfs-server/exports/exports.ts";
import { UserError } from "../../../service/user-error.ts";
import { eventually } from "../../storage/eventually.ts";
import { FakeKernel } from "./fake-kernel.ts";

const now = Date.UTC(2026, 2, 1);

class Bench {
  readonly kernel = new FakeKernel();
  readonly audit: AuditLine[] = [];
  readonly troubles: unknown[] = [];
  readonly shown = new Set<string>();
  readonly batches: number[] = [];
  failure: UserError | null = null;
  gate: Promise<void> = Promise.resolve();
  readonly exports = new KernelExports({
    tables: this.kernel.tables,
    showcase: {
      path: "/exports",
      show: async (volumes) => {
        await this.gate;
        this.batches.push(volumes.length);
        const { failure } = this;
        if (failure !== null) return new Map(volumes.map(({ volume }) => [volume, failure]));
        for (const { volume } of volumes) this.shown.add(volume);
        return new Map();
      },
      hide: async (volume) => void this.shown.delete(volume),
    },
    clock: { now: () => now },
    mutualTls: false,
    audit: (line) => this.audit.push(line),
    trouble: (error) => this.troubles.push(error),
  });

  static async begun(t: ExecutionContext): Promise<Bench> {
    const bench = new Bench();
    await bench.exports.begin();
    t.teardown(() => bench.exports.end());
    return bench;
  }
}

function exported(name: string, fsid: number, more: Partial<Export> = {}): Export {
  return { volume: name, app: name, fsid, readOnly: false, squash: null, ...more };
}

const address = (text: string): Question & { channel: "auth.unix.ip" } => ({
  channel: "auth.unix.ip",
  service: "nfsd",
  address: text,
});
const handle = (client: string, fsid: number): Question & { channel: "nfsd.fh" } => ({
  channel: "nfsd.fh",
  client,
  fsidType: 1,
  fsid: fsidHex(fsid),
});
const place = (client: string, path: string): Question => ({
  channel: "nfsd.export",
  client,
  path,
});

test("a grant is known to the kernel before anybody asks, with its pseudo-root", async (t) => {
  const { exports, kernel, shown } = await Bench.begun(t);
  await exports.admit("node1", "10.0.0.5");
  await exports.grant("node1", exported("blog_data", 101));
  t.is(kernel.knows(address("10.0.0.5")), "node1");
  t.is(kernel.knows(handle("node1", 0)), "/exports");
  t.like(kernel.knows(place("node1", "/exports")), { flags: 0x16001, fsid: 0 });
  t.is(kernel.knows(handle("node1", 101)), "/exports/blog_data");
  t.like(kernel.knows(place("node1", "/exports/blog_data")), { flags: 0x2000, fsid: 101 });
  t.true(shown.has("blog_data"));
  const day = 24 * 60 * 60;
  t.is(kernel.expiryOf(handle("node1", 101)), now / 1000 + day);
});

test("a grant before the client has an address is told with its address", async (t) => {
  const { exports, kernel } = await Bench.begun(t);
  await exports.grant("node1", exported("blog_data", 101));
  t.is(kernel.knows(handle("node1", 101)), undefined);
  await exports.admit("node1", "10.0.0.5");
  t.is(kernel.knows(handle("node1", 101)), "/exports/blog_data");
});

test("revoking is an explicit no for the handle and for the place", async (t) => {
  const { exports, kernel } = await Bench.begun(t);
  await exports.admit("node1", "10.0.0.5");
  await exports.admit("node2", "10.0.0.6");
  await exports.grant("node1", exported("blog_data", 101));
  await exports.grant("node2", exported("blog_data", 101));
  await exports.revoke("node1", "blog_data");
  t.is(kernel.knows(handle("node1", 101)), null);
  t.is(kernel.knows(place("node1", "/exports/blog_data")), null);
  t.is(kernel.knows(handle("node2", 101)), "/exports/blog_data");
  await exports.grant("node1", exported("blog_data", 101, { readOnly: true }));
  t.like(kernel.knows(place("node1", "/exports/blog_data")), { flags: 0x2001 });
});

test("what is withdrawn nobody has, and its place is gone", async (t) => {
  const { exports, kernel, shown } = await Bench.begun(t);
  for (const [client, at] of [
    ["node1", "10.0.0.5"],
    ["node2", "10.0.0.6"],
  ] as const) {
    await exports.admit(client, at);
    await exports.grant(client, exported("blog_data", 101));
  }
  await exports.withdraw("blog_data");
  t.is(kernel.knows(handle("node1", 101)), null);
  t.is(kernel.knows(handle("node2", 101)), null);
  t.deepEqual([...shown], []);
});

test("a revocation while the grant is still being made wins", async (t) => {
  const bench = await Bench.begun(t);
  await bench.exports.admit("node1", "10.0.0.5");
  const gate = Promise.withResolvers<void>();
  bench.gate = gate.promise;
  const granting = bench.exports.grant("node1", exported("blog_data", 101));
  await bench.exports.revoke("node1", "blog_data");
  gate.resolve();
  await t.throwsAsync(granting, { instanceOf: UserError, message: /taken away again/ });
  t.is(bench.kernel.knows(handle("node1", 101)), undefined);
});

test("what cannot be shown is not granted", async (t) => {
  const bench = await Bench.begun(t);
  await bench.exports.admit("node1", "10.0.0.5");
  bench.failure = new UserError("not-found", "no directory");
  await t.throwsAsync(bench.exports.grant("node1", exported("blog_data", 101)), {
    message: "no directory",
  });
  t.is(bench.kernel.knows(handle("node1", 101)), undefined);
});

test("a grant that the kernel refuses is no grant", async (t) => {
  const bench = await Bench.begun(t);
  await bench.exports.admit("node1", "10.0.0.5");
  bench.kernel.places = new Set(["/exports"]);
  await t.throwsAsync(bench.exports.grant("node1", exported("blog_data", 101)), {
    instanceOf: UserError,
    message: /does not take it \(ENOENT\)/,
  });
  t.is(bench.kernel.knows(handle("node1", 101)) ?? null, null);
});

test("a client that the kernel has forgotten is told again with its next grant", async (t) => {
  const { exports, kernel } = await Bench.begun(t);
  await exports.admit("node1", "10.0.0.5");
  for (const table of Object.values(kernel.tables)) table.forget();
  await exports.grant("node1", exported("blog_data", 101));
  t.is(kernel.knows(address("10.0.0.5")), "node1");
  t.is(kernel.knows(handle("node1", 101)), "/exports/blog_data");
});

test("nothing is told or answered before the beginning, and then everything is", async (t) => {
  const { exports, kernel } = new Bench();
  t.teardown(() => exports.end());
  kernel.ask(handle("node1", 101));
  await exports.admit("node1", "10.0.0.5");
  await exports.grant("node1", exported("blog_data", 101));
  t.deepEqual(kernel.lines, []);
  await exports.begin();
  t.is(kernel.forgotten, 3);
  t.is(kernel.knows(handle("node1", 101)), "/exports/blog_data");
});

test("questions are answered, and each is in the audit log", async (t) => {
  const { exports, kernel, audit } = await Bench.begun(t);
  await exports.admit("node1", "10.0.0.5");
  await exports.grant("node1", exported("blog_data", 101));
  const asked = [
    address("10.0.0.99"),
    handle("node1", 102),
    place("node1", "/exports/other"),
    place("node1", "/exports/blog_data"),
    place("node1", "/etc"),
    { channel: "nfsd.fh", client: "node1", fsidType: 6, fsid: "00".repeat(16) } as const,
  ];
  for (const question of asked) kernel.ask(question);
  await eventually("all are answered", () =>
    asked.every((question) => kernel.knows(question) !== undefined),
  );
  t.deepEqual(
    asked.map((question) => kernel.knows(question) !== null),
    [false, false, false, true, false, false],
  );
  const heard = audit.filter(({ event }) => event === "asked").map(({ question }) => question);
  t.is(heard.length, asked.length);
  for (const question of asked) t.true(heard.includes(question));
});

test("a yes that the kernel refuses becomes a no, so that nobody waits for it", async (t) => {
  const { exports, kernel, troubles } = await Bench.begun(t);
  await exports.admit("node1", "10.0.0.5");
  await exports.grant("node1", exported("blog_data", 101));
  kernel.tables["nfsd.fh"].forget();
  kernel.places = new Set();
  kernel.ask(handle("node1", 101));
  await eventually("it is answered", () => kernel.knows(handle("node1", 101)) === null);
  t.is(troubles.length, 1);
});

test("an address belongs to the client that had it last, and to nobody when it is dismissed", async (t) => {
  const { exports, kernel } = await Bench.begun(t);
  await exports.admit("node1", "10.0.0.5");
  await exports.admit("node2", "::ffff:10.0.0.5");
  t.is(kernel.knows(address("10.0.0.5")), "node2");
  await exports.dismiss("10.0.0.5");
  t.is(kernel.knows(address("10.0.0.5")), null);
  // The kernel would remember it for a day, and health would take it for somebody else's export.
  for (const client of ["node1", "node2"])
    t.is(kernel.knows({ channel: "nfsd.export", client, path: "/exports" }), null);
  await exports.admit("node1", "FD00:0:0:0:0:0:0:5");
  kernel.ask(address("fd00:0000:0000:0000:0000:0000:0000:0005"));
  await eventually(
    "the long form is the same address",
    () => kernel.knows(address("fd00:0000:0000:0000:0000:0000:0000:0005")) === "node1",
  );
  await t.throwsAsync(exports.admit("node1", "nas.lan"), { message: /"nas.lan" is no address/ });
});

test("many grants at once are shown together", async (t) => {
  const { exports, batches } = await Bench.begun(t);
  await exports.admit("node1", "10.0.0.5");
  const names = Array.from({ length: 500 }, (_, n) => exported(`v${n}`, n + 1));
  await Promise.all(names.map((each) => exports.grant("node1", each)));
  t.true(batches.length <= 3);
});

test("what is taken away is told at any time, also before the beginning", async (t) => {
  const { exports, kernel } = new Bench();
  t.teardown(() => exports.end());
  await exports.admit("node1", "10.0.0.5");
  await exports.grant("node1", exported("blog_data", 101));
  // As the agent before us left it.
  kernel.tables["auth.unix.ip"].tell({ question: address("10.0.0.5"), answer: "node1" }, 0);
  kernel.tables["nfsd.fh"].tell(
    { question: handle("node1", 101), answer: "/exports/blog_data" },
    0,
  );
  await exports.revoke("node1", "blog_data");
  t.is(kernel.knows(handle("node1", 101)), null);
  await exports.dismiss("10.0.0.5");
  t.is(kernel.knows(address("10.0.0.5")), null);
});

test("what somebody else exports is noticed", async (t) => {
  const { exports, kernel } = await Bench.begun(t);
  await exports.admit("node1", "10.0.0.5");
  await exports.grant("node1", exported("blog_data", 101));
  const ours = `#path domain(flags)
/exports\tnode1(ro,no_root_squash,sync,no_wdelay,crossmnt,v4root,fsid=0,sec=1)
/exports/blog_data\tnode1(rw,no_root_squash,sync,no_wdelay,fsid=101,sec=1)
# /exports/other\tnode1()
`;
  kernel.content = ours;
  t.deepEqual(exports.foreign(), []);
  kernel.content = `${ours}/nfs_volumes/with\\040space\t10.0.0.0/24(rw,no_subtree_check)\n/exports\t*(ro)\n`;
  t.deepEqual(exports.foreign(), [
    { client: "10.0.0.0/24", path: "/nfs_volumes/with space" },
    { client: "*", path: "/exports" },
  ]);
});

test("the whole storage comes and goes with all its parts", async (t) => {
  const bench = await Bench.begun(t);
  await bench.exports.admit("n1", "10.0.0.1");
  await bench.exports.grant("n1", exported("all", 7, { app: "root", readOnly: true }));
  t.deepEqual([...bench.shown].toSorted(), ["all/apps", "all/shared"]);
  const paths = ["all", "all/apps", "all/shared"].map((name) => `/exports/${name}`);
  const known = () =>
    paths.map((path) => bench.kernel.knows({ channel: "nfsd.export", client: "n1", path }) != null);
  t.deepEqual(known(), [true, true, true]);
  await bench.exports.revoke("n1", "all");
  t.deepEqual(known(), [false, false, false]);
});
