import test from "ava";
import { approaches } from "../../../../test/lab/raw-nfs/approach.ts";
import type { Errand } from "../../../../test/lab/raw-nfs/errand.ts";
import {
  deviceFsids,
  exportRoot,
  formatFileHandle,
  numberedFsid,
  parseFileHandle,
  uuidFsid,
} from "../../../../nfs-server/self-test/raw-nfs/file-handle.ts";
import { fileIdsOf } from "../../../../test/lab/raw-nfs/file-id.ts";

const place = {
  file: { number: 0x1_0203_0405, generation: 6 },
  parent: { number: 128, generation: 7 },
} as const;

test("the root of a numbered export has the shortest file handle", (t) => {
  const handle = formatFileHandle({ fsid: numberedFsid(101), file: exportRoot });
  t.is(handle.toString("hex"), "0100010065000000");
});

test("a file handle is taken apart and put together again", (t) => {
  for (const { id } of fileIdsOf(place))
    for (const fsid of [numberedFsid(0), uuidFsid("00112233-4455-6677-8899-aabbccddeeff")])
      t.deepEqual(parseFileHandle(formatFileHandle({ fsid, file: id })), { fsid, file: id });
});

test("bytes that no Linux server has made are no file handle", (t) => {
  t.throws(() => parseFileHandle(Buffer.from("ffff", "hex")), {
    message: "ffff is no file handle of a Linux server",
  });
});

test("a device is written in both ways", (t) => {
  t.deepEqual(
    deviceFsids(0xfe, 0x1_23).map(({ kind, bytes }) => [kind, bytes.toString("hex")]),
    [
      [0, "00fe012300000000"],
      [3, "23fe100000000000"],
    ],
  );
});

test("files are named as each file system does, with their parent and without", (t) => {
  const subvolumes = { file: 257, parent: 5 };
  t.deepEqual(
    [...fileIdsOf(place), ...fileIdsOf({ ...place, subvolumes }).slice(2)].map(({ id }) => [
      id.kind.toString(16),
      id.bytes.toString("hex"),
    ]),
    [
      ["1", "0504030206000000"],
      ["2", "05040302060000008000000007000000"],
      ["81", "050403020100000006000000"],
      ["82", "050403020100000006000000800000000000000007000000"],
      ["4d", "0504030201000000010100000000000006000000"],
      ["4e", "0504030201000000010100000000000006000000800000000000000007000000"],
      ["4f", "05040302010000000101000000000000060000008000000000000000070000000500000000000000"],
    ],
  );
});

test("a thief tries names and file handles, by every file system id that it can think of", (t) => {
  const errand: Errand = {
    way: { server: "10.0.0.1", port: 2049, patience: 1000 },
    own: ["app1"],
    symlink: "way-out",
    victim: {
      path: ["app2"],
      directory: place,
      file: place,
      fileName: "secret",
      exportNumber: 102,
      uuid: "00112233-4455-6677-8899-aabbccddeeff",
      device: { major: 254, minor: 16 },
    },
    paths: [["nfs_volumes"]],
    uids: [0],
  };
  const own = formatFileHandle({ fsid: numberedFsid(101), file: exportRoot });
  const kinds = approaches(errand, own).map(({ by }) => by.replace(/,.* by /, ": "));
  t.deepEqual(kinds.slice(0, 7), [
    "/app2",
    "/nfs_volumes",
    "LOOKUPP, then its name",
    "LOOKUPP twice",
    "LOOKUP ..",
    "LOOKUP ../app2",
    "LOOKUP of a symlink",
  ]);
  for (const fsid of ["own fsid", "its fsid", "fsid 0", "UUID", "device"])
    for (const file of ["inode", "inode and parent", "XFS inode and parent"])
      t.true(kinds.includes(`handle: ${fsid}: ${file}`), `${fsid}, ${file}`);
  t.false(kinds.includes("handle: own fsid: export root"));
  t.true(kinds.includes("handle: its fsid: export root"));
});
