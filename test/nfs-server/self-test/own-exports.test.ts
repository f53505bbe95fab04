import test from "ava";
import type { ShownVolume } from "../../../nfs-server/exports/pseudo-root.ts";
import { fsidHex, numberedFsid, type Question } from "../../../nfs-server/exports/questions.ts";
import { exportNumbers, OwnExports } from "../../../nfs-server/self-test/own-exports.ts";
import { FakeKernel } from "../exports/fake-kernel.ts";

const from = "127.78.70.83";
const handle = (number: number): Question => ({
  channel: "nfsd.fh",
  client: ".self-test",
  fsidType: numberedFsid,
  fsid: fsidHex(number),
});
const address: Question = { channel: "auth.unix.ip", service: "nfsd", address: from };

function world(): { kernel: FakeKernel; shown: ShownVolume[]; exports: OwnExports } {
  const [kernel, shown]: [FakeKernel, ShownVolume[]] = [new FakeKernel(), []];
  const showcase = {
    path: "/exports",
    show: async (volumes: readonly ShownVolume[]) => {
      shown.push(...volumes);
      return new Map();
    },
    hide: async (volume: string) => {
      const index = shown.findIndex((each) => each.volume === volume);
      if (index !== -1) shown.splice(index, 1);
    },
  };
  const { tables } = kernel;
  const clock = { now: () => 1_000_000 };
  return { kernel, shown, exports: new OwnExports({ tables, showcase, clock }) };
}

test("both directories are exported to the caller alone, as volumes are", async (t) => {
  const { kernel, shown, exports } = world();
  await exports.open(from);
  t.deepEqual(
    shown.map(({ volume, folders }) => [volume, folders?.join("/")]),
    [
      [".self-test-granted", ".swarmnfs/self-test/granted"],
      [".self-test-other", ".swarmnfs/self-test/other"],
    ],
  );
  t.is(kernel.knows(address), ".self-test");
  t.is(kernel.knows(handle(exportNumbers.granted)), "/exports/.self-test-granted");
  const terms = kernel.knows({
    channel: "nfsd.export",
    client: ".self-test",
    path: "/exports/.self-test-granted",
  });
  t.like(terms, { flags: 0x2001, mutualTls: false });
  t.true(kernel.expiryOf(handle(exportNumbers.granted)) <= 1000 + 60);
});

test("the other one is refused, and in the end everything", async (t) => {
  const { kernel, shown, exports } = world();
  await exports.open(from);
  exports.refuseOther();
  t.is(kernel.knows(handle(exportNumbers.other)), null);
  t.is(typeof kernel.knows(handle(exportNumbers.granted)), "string");
  await exports.close(from);
  t.is(kernel.knows(handle(exportNumbers.granted)), null);
  t.is(kernel.knows(address), null);
  t.deepEqual(shown, []);
});

test("after a kill in between it begins from anew", async (t) => {
  const { shown, exports } = world();
  await exports.open(from);
  await exports.open(from);
  t.is(shown.length, 2);
  await exports.close(from);
  await exports.close(from);
  t.deepEqual(shown, []);
});
