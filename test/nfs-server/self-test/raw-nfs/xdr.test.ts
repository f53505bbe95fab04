import test from "ava";
import * as fc from "fast-check";
import { XdrReader } from "../../../../nfs-server/self-test/raw-nfs/xdr-reader.ts";
import { XdrWriter } from "../../../../nfs-server/self-test/raw-nfs/xdr-writer.ts";

test("numbers are big-endian, and bytes fill whole words", (t) => {
  const writer = new XdrWriter()
    .u32(1)
    .u64(2n ** 40n)
    .bool(true)
    .string("abcde");
  t.is(
    writer.bytes().toString("hex"),
    ["00000001", "0000010000000000", "00000001", "00000005", "6162636465000000"].join(""),
  );
});

test("several of a kind come after their number", (t) => {
  const writer = new XdrWriter();
  writer.array([7, 8], (each) => writer.u32(each));
  t.is(writer.bytes().toString("hex"), "000000020000000700000008");
});

test("what was written is read again, and nothing is left", (t) => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.uint8Array(),
      fc.array(fc.string()),
      (word, long, bytes, texts) => {
        const writer = new XdrWriter().u32(word).u64(long).opaque(Buffer.from(bytes));
        writer.array(texts, (each) => writer.string(each)).fixed(Buffer.from(bytes));
        const reader = new XdrReader(writer.bytes());
        t.is(reader.u32(), word);
        t.is(reader.u64(), long);
        t.deepEqual(reader.opaque(), Buffer.from(bytes));
        t.deepEqual(
          reader.array(() => reader.string()),
          texts.map((each) => Buffer.from(each).toString()),
        );
        t.deepEqual(reader.fixed(bytes.length), Buffer.from(bytes));
        t.is(reader.left, 0);
      },
    ),
  );
});

test("what is not there cannot be read", (t) => {
  t.throws(() => new XdrReader(Buffer.alloc(3)).u32(), {
    message: "4 bytes were expected at 0, and there are 3",
  });
  t.throws(() => new XdrReader(new XdrWriter().u32(9).u32(0).bytes()).opaque(), {
    message: "9 bytes were expected at 4, and there are 4",
  });
});
