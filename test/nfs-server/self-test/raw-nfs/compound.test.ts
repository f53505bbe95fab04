import test from "ava";
import {
  NfsRefusal,
  formatCompound,
  parseCompound,
} from "../../../../nfs-server/self-test/raw-nfs/compound.ts";
import {
  getAttributes,
  getFileHandle,
  lookUp,
  putFileHandle,
  putRootFileHandle,
  read,
  readDirectory,
  readLink,
  write,
} from "../../../../nfs-server/self-test/raw-nfs/file-operations.ts";
import { openByName, openCurrent } from "../../../../test/lab/raw-nfs/open-operation.ts";
import type { Operation } from "../../../../nfs-server/self-test/raw-nfs/operation.ts";
import {
  createSession,
  exchangeId,
  sequence,
} from "../../../../nfs-server/self-test/raw-nfs/session-operations.ts";
import { anonymous } from "../../../../nfs-server/self-test/raw-nfs/stateid.ts";
import { XdrReader } from "../../../../nfs-server/self-test/raw-nfs/xdr-reader.ts";
import { XdrWriter } from "../../../../nfs-server/self-test/raw-nfs/xdr-writer.ts";

const owner = { clientId: 5n, name: "me" };
const session = Buffer.alloc(16, 0xee);
const zeros = (bytes: number): string => "00".repeat(bytes);

/** What operations look like, after their number. */
const written: readonly (readonly [string, Operation<unknown>, string])[] = [
  ["PUTROOTFH", putRootFileHandle, "00000018"],
  ["PUTFH", putFileHandle(Buffer.from("01000100", "hex")), "00000016 00000004 01000100"],
  ["LOOKUP", lookUp("app2"), "0000000f 00000004 61707032"],
  ["GETFH", getFileHandle, "0000000a"],
  ["READLINK", readLink, "0000001b"],
  ["GETATTR", getAttributes, "00000009 00000002 00100012 00000002"],
  ["READDIR", readDirectory, `0000001a ${zeros(16)} 00008000 00008000 00000002 00100012 00000002`],
  ["READ", read(anonymous, 1n, 2), `00000019 ${zeros(16)} 0000000000000001 00000002`],
  [
    "WRITE",
    write(anonymous, 1n, Buffer.from("hey")),
    `00000026 ${zeros(16)} 0000000000000001 00000002 00000003 68657900`,
  ],
  [
    "OPEN by name",
    openByName(owner, "f", 0o644),
    "00000012 00000000 00000003 00000000 0000000000000005 00000002 6d650000 00000001 00000000 00000002 00000000 00000002 00000004 000001a4 00000000 00000001 66000000",
  ],
  [
    "OPEN by file handle",
    openCurrent(owner),
    "00000012 00000000 00000003 00000000 0000000000000005 00000002 6d650000 00000000 00000004",
  ],
  [
    "EXCHANGE_ID",
    exchangeId(Buffer.from("me"), Buffer.alloc(8, 1)),
    "0000002a 0101010101010101 00000002 6d650000 00010000 00000000 00000000",
  ],
  [
    "SEQUENCE",
    sequence(session, 3),
    `00000035 ${"ee".repeat(16)} 00000003 00000000 00000000 00000000`,
  ],
];
for (const [name, operation, bytes] of written)
  test(`${name} is written as the standard has it`, (t) => {
    const head = ["00000000", "00000001", "00000001"].join("");
    t.is(formatCompound([operation]).toString("hex"), head + bytes.replaceAll(" ", ""));
  });

test("operations stand one after the other", (t) => {
  const bytes = formatCompound([putRootFileHandle, lookUp("a"), getFileHandle]);
  t.is(
    bytes.toString("hex"),
    "00000000 00000001 00000003 00000018 0000000f 00000001 61000000 0000000a".replaceAll(" ", ""),
  );
});

test("the last answer is what counts", (t) => {
  const handle = Buffer.from("0100010065000000", "hex");
  const reader = reply(0, [24, 0], [15, 0], [10, 0, handle]);
  t.deepEqual(parseCompound(reader, [putRootFileHandle, lookUp("a")], getFileHandle), handle);
});

test("the operation that fails is named, and nothing after it is read", (t) => {
  const error = t.throws(
    () => parseCompound(reply(70, [22, 70]), [putFileHandle(Buffer.alloc(4))], readDirectory),
    { instanceOf: NfsRefusal, message: "PUTFH: NFS4ERR_STALE" },
  );
  t.is(error.status, "NFS4ERR_STALE");
});

test("a directory is read to its end", (t) => {
  const writer = new XdrWriter().fixed(Buffer.alloc(8));
  for (const name of ["secret", "other"]) {
    writer.bool(true).u64(1n).string(name);
    // One attribute of those that were asked for: the type.
    writer.u32(1).u32(0b10).opaque(new XdrWriter().u32(1).bytes());
  }
  writer.bool(false).bool(true);
  t.deepEqual(readDirectory.read(new XdrReader(writer.bytes())), {
    entries: [
      { name: "secret", attributes: { type: 1 } },
      { name: "other", attributes: { type: 1 } },
    ],
    isAll: true,
  });
});

test("a new session has the sizes of its channels behind it", (t) => {
  const channel = new XdrWriter().fixed(Buffer.alloc(24)).u32(0).bytes();
  const answer = Buffer.concat([session, Buffer.alloc(8), channel, channel]);
  const reader = new XdrReader(answer);
  t.deepEqual(createSession({ clientId: 1n, nextSession: 1 }).read(reader), session);
  t.is(reader.left, 0);
});

test("a client is told its number among much else", (t) => {
  const writer = new XdrWriter().u64(9n).u32(4).u32(0x1_0000).u32(0);
  writer.u64(0n).string("major").string("scope").u32(1).string("kernel.org").string("Linux");
  writer.u64(0n).u32(0);
  const reader = new XdrReader(writer.bytes());
  const known = exchangeId(Buffer.from("me"), Buffer.alloc(8)).read(reader);
  t.deepEqual(known, { clientId: 9n, nextSession: 4 });
  t.is(reader.left, 0);
});

/** Numbers and statuses, and the file handle that GETFH answers. */
function reply(
  status: number,
  ...answers: readonly (readonly [number, number, Buffer?])[]
): XdrReader {
  const writer = new XdrWriter().u32(status).string("");
  writer.array(answers, ([number, each, handle]) => {
    writer.u32(number).u32(each);
    if (handle !== undefined) writer.opaque(handle);
  });
  return new XdrReader(writer.bytes());
}
