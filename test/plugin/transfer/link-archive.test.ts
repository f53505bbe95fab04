import { execa } from "execa";
import test from "ava";
import { linkArchive } from "../../../plugin/transfer/link-archive.ts";

test("an archive of symlinks is one to tar", async (t) => {
  const input = linkArchive({ lib64: "usr/lib64", bin: "usr/bin" });
  const { stdout } = await execa("tar", ["--list", "--verbose", "--numeric-owner"], { input });
  const lines = stdout.split("\n").map((line) => line.replaceAll(/\s+/g, " "));
  t.deepEqual(lines, [
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 lib64 -> usr/lib64",
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin -> usr/bin",
  ]);
});
