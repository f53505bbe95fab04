import test from "ava";
import * as fc from "fast-check";
import {
  RecordAssembler,
  markRecord,
} from "../../../../nfs-server/self-test/raw-nfs/record-marking.ts";

test("a message goes out in one piece, which is marked as the last", (t) => {
  t.is(markRecord(Buffer.from("hello")).toString("hex"), `80000005${hex("hello")}`);
});

test("messages are whole again however TCP cuts them", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string(), { maxLength: 5 }),
      fc.integer({ min: 1, max: 9 }),
      (texts, size) => {
        const stream = Buffer.concat(texts.map((text) => markRecord(Buffer.from(text))));
        const assembler = new RecordAssembler();
        const got: string[] = [];
        for (let at = 0; at < stream.length; at += size)
          got.push(...assembler.add(stream.subarray(at, at + size)).map(String));
        t.deepEqual(
          got,
          texts.map((text) => Buffer.from(text).toString()),
        );
      },
    ),
  );
});

test("a message that the server sends in several fragments is one", (t) => {
  const assembler = new RecordAssembler();
  t.deepEqual(assembler.add(Buffer.from(`00000002${hex("ab")}`, "hex")), []);
  t.deepEqual(assembler.add(Buffer.from(`80000001${hex("c")}`, "hex")), [Buffer.from("abc")]);
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
