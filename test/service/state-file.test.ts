import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import * as z from "zod";
import { StateFile } from "../../service/state-file.ts";
import { temporaryDirectory } from "../storage/places.ts";

const schema = z.object({ apps: z.array(z.string()) });

test("what was saved is there again", async (t) => {
  const file = path.join(await temporaryDirectory(t), "state.json");
  const first = await StateFile.open(file, schema, { apps: [] }, t.fail);
  first.data.apps.push("blog");
  await first.save();
  t.deepEqual((await StateFile.open(file, schema, { apps: [] }, t.fail)).data, { apps: ["blog"] });
});

for (const [what, text] of [
  ["half of a document", '{"apps":["bl'],
  ["a document of another kind", '{"apps":"blog"}'],
] as const)
  test(`${what} is set aside as it is, and told`, async (t) => {
    const place = await temporaryDirectory(t);
    const file = path.join(place, "state.json");
    await writeFile(file, text);
    const told: string[] = [];
    const state = await StateFile.open(file, schema, { apps: [] }, (aside) => told.push(aside));
    t.deepEqual(state.data, { apps: [] });
    const [aside = ""] = told;
    t.is(await readFile(aside, "utf8"), text);
    t.deepEqual(await readdir(place), [path.basename(aside)]);
  });

test("a document that may be whole and cannot be read now stays where it is", async (t) => {
  const place = await temporaryDirectory(t);
  const file = path.join(place, "state.json");
  // Of the many reasons one that root meets as well.
  await symlink(file, file);
  await t.throwsAsync(StateFile.open(file, schema, { apps: [] }, t.fail), { code: "ELOOP" });
  t.deepEqual(await readdir(place), ["state.json"]);
});
