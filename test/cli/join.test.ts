import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { temporaryDirectory } from "../storage/places.ts";
import { Refusal } from "./fake-plugin.ts";
import { speak } from "./spoken.ts";
import { status } from "./world.ts";

const token = "swarmnfs-join-1.eyJ2IjoxfQ";

test("join: the token in a file is given to the plugin, and may go afterwards", async (t) => {
  const file = join(await temporaryDirectory(t), "token");
  await writeFile(file, `${token}\n`);
  const said = await speak(t, ["join", file]);
  t.is(said.exit, 0, said.err);
  t.deepEqual(said.plugin.requests, [`Join {"token":"${token}"}`]);
  t.regex(said.out.replaceAll(/\s+/g, " "), /has joined .*The token is worthless now/);
  const json = await speak(t, ["join", file, "--json"]);
  t.deepEqual(JSON.parse(json.out), status);
});

test("join: what the server refuses is told in its words", async (t) => {
  const file = join(await temporaryDirectory(t), "token");
  await writeFile(file, token);
  const said = await speak(t, ["join", file], { answers: { Join: refuse } });
  t.is(said.exit, 1);
  t.regex(said.err.replaceAll(/\s+/g, " "), /join token: it was used/);
});

test("join: a file that is not there, or holds something else, is never sent", async (t) => {
  const folder = await temporaryDirectory(t);
  const missing = await speak(t, ["join", join(folder, "token")]);
  t.deepEqual([missing.exit, missing.plugin.requests], [1, []]);
  t.regex(missing.err.replaceAll(/\s+/g, " "), /cannot be read from .*token/);
  await writeFile(join(folder, "key"), "-----BEGIN PRIVATE KEY-----\nabc\n");
  const other = await speak(t, ["join", join(folder, "key")]);
  t.deepEqual([other.exit, other.plugin.requests], [2, []]);
  t.regex(other.err.replaceAll(/\s+/g, " "), /holds no join token/);
  t.notRegex(other.err, /PRIVATE/);
});

function refuse(): never {
  throw new Refusal("denied", "storage1 does not take this node's join token: it was used.");
}
