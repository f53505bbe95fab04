// What import and export run, on a hundred thousand files: killed at random and gone on with; and adopt, which renames.
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import { parseOptions } from "../../../storage/rules/options.ts";
import { node1 } from "../../storage/conformance.ts";
import { guardedStorage, temporaryDirectory } from "../../storage/places.ts";
import { TwoPlaces } from "../../storage/transfer/two-places.ts";

const program = join(import.meta.dirname, "../../../storage/transfer/main.ts");
const many = `for i in $(seq 1000); do mkdir -p "d$((i % 50))/$i"; done
for d in d*/*; do for j in $(seq 100); do echo "$d $j" >"$d/$j"; done; done`;

test("a hundred thousand files are copied, though it is killed again and again", async (t) => {
  t.timeout(3_600_000);
  const places = await TwoPlaces.make(t, many);
  const args = [program, join(places.path, "from"), join(places.path, "to"), "the source"];
  const lives: string[] = [];
  for (let patience = 2_000; ; patience *= 1.5) {
    const begun = performance.now();
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    const over = new AbortController();
    void pause(patience * Math.random(), null, { signal: over.signal }).then(
      () => child.kill("SIGKILL"),
      () => undefined,
    );
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    over.abort();
    lives.push(`${((performance.now() - begun) / 1000).toFixed(0)} s`);
    if (signal === null) {
      t.is(code, 0);
      break;
    }
    t.deepEqual(
      (await places.names("to")).filter((name) => !/^(d\d+|\.swarmnfs-transfer)$/.test(name)),
      [],
    );
  }
  t.log(`lived ${lives.join(", ")}`);
  const count = (side: "from" | "to") =>
    places.run(side, "find . -type f | wc -l; find . -type f | sort | xargs md5sum | md5sum");
  t.is(await count("to"), await count("from"));
});

test("a directory of a hundred thousand files is adopted in a moment, also by a keeper that is killed", async (t) => {
  t.timeout(600_000);
  const path = await temporaryDirectory(t);
  const storage = guardedStorage(t, path);
  await storage.open(null);
  const places = new TwoPlaces(path);
  await fs.mkdir(join(path, "from"));
  await places.run("from", many);
  const request = { path: "from", name: "v", options: parseOptions({ app: "a" }) };
  const begun = performance.now();
  const work = storage.adopt(request, node1);
  for (const keeper of storage.keepers) process.kill(keeper, "SIGKILL");
  await work.catch(() => undefined);
  t.is((await storage.adopt(request, node1)).state, "ready");
  t.true(performance.now() - begun < 20_000);
  const folders = await fs.readdir(join(path, "apps/a/v"));
  t.is(folders.length, 50);
});
