import { Readable } from "node:stream";
import test from "ava";
import { readAll } from "../../service/read-all.ts";

const tooMany = (): Error => new Error("too many");

test("a stream is read to its end, up to the bound", async (t) => {
  const stream = Readable.from([Buffer.from("one "), Buffer.from("two")]);
  t.is((await readAll(stream, 7, tooMany)).toString(), "one two");
});

test("a stream that gives more than the bound is ended", async (t) => {
  const stream = Readable.from([Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4)]);
  await t.throwsAsync(readAll(stream, 7, tooMany), { message: "too many" });
  t.true(stream.destroyed);
});
