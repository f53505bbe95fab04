import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { joinTokenSource } from "../../plugin/join-token.ts";
import { temporaryDirectory } from "../storage/places.ts";

test("a token is what the setting says, or what lies in a file of the host when it is needed", async (t) => {
  const folder = await temporaryDirectory(t);
  const seen = (path: string): string => join(folder, path);
  t.is(await joinTokenSource(null, seen)(), null);
  t.is(await joinTokenSource({ text: "word" }, seen)(), "word");
  const source = joinTokenSource({ file: "/token" }, seen);
  await t.throwsAsync(source(), {
    code: "invalid",
    message: /cannot be read from SWARMNFS_JOIN_TOKEN_FILE=\/token .*below \/run and \/var\/lib/,
  });
  await writeFile(join(folder, "token"), "word\n");
  t.is(await source(), "word");
  await rm(join(folder, "token"));
  await t.throwsAsync(source());
});
