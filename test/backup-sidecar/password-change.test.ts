// As docs/operations.md says, "Keys and passwords".
import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { listening, Place } from "./service-place.ts";

test("the backup password is changed: another one is added, used from then on, and the former one goes", async (t) => {
  const place = await Place.make(t);
  const { commands } = await place.service();
  await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  const keys = async (): Promise<readonly { readonly id: string; readonly current: boolean }[]> =>
    (await commands.keyList({ app: "blog" }, listening<"keyList">().talk)).keys;
  const [former] = await keys();

  const passwordFile = path.join(place.top, "new_password");
  await writeFile(passwordFile, "better horse\n");
  const { key } = await commands.keyAdd({ app: "blog", passwordFile }, listening<"keyAdd">().talk);
  await writeFile(path.join(place.top, "password"), "better horse\n");
  t.deepEqual(
    (await keys()).filter(({ current }) => current).map(({ id }) => id),
    [key],
  );
  await commands.keyRemove({ app: "blog", key: former?.id ?? "" }, listening<"keyRemove">().talk);
  t.deepEqual(
    (await keys()).map(({ id }) => id),
    [key],
  );
  const again = await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  t.is(again.reports[0]?.outcome, "ok");

  // What is put back after a damage are the keys of now: the one that was taken away stays away.
  const repository = path.join(place.server.files, "store1/repositories/blog");
  await writeFile(path.join(repository, "config"), "damaged");
  await writeFile(path.join(repository, "keys", key), "damaged");
  const verified = await commands.verify(
    { apps: ["blog"], read: null },
    listening<"verify">().talk,
  );
  t.like(verified.reports[0], { ok: true, healed: true });
  t.deepEqual(await readdir(path.join(repository, "keys")), [key]);
});
