import test from "ava";
import { usedOf } from "../../../storage/directory/usage.ts";

const whole = { bsize: 4096, blocks: 1000, bfree: 600, files: 500, ffree: 400 };

test("a directory without a limit has to be counted", (t) => {
  t.is(usedOf(whole, whole), null);
});

test("a quota of bytes tells bytes, and nothing of files, which are the whole disk's", (t) => {
  t.deepEqual(usedOf(whole, { ...whole, blocks: 100, bfree: 75 }), { bytes: 25 * 4096 });
});

test("a quota of files tells files as well", (t) => {
  const here = { ...whole, blocks: 100, bfree: 75, files: 50, ffree: 48 };
  t.deepEqual(usedOf(whole, here), { bytes: 25 * 4096, files: 2 });
});
