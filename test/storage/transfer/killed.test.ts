// The program itself, ended by kill -9 at any moment and begun again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import {
  transferLineSchema,
  type TransferLine,
} from "../../../storage/transfer/transfer-report.ts";
import { everything, TwoPlaces } from "./two-places.ts";

const program = join(import.meta.dirname, "../../../storage/transfer/main.ts");

/** Runs it; so many milliseconds after it began to work it is killed. Answers what it said last, or null if it was killed. */
async function run(path: string, killAfterMs: number): Promise<TransferLine | null> {
  const args = [program, join(path, "from"), join(path, "to"), "the source"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const said = text(child.stdout);
  const over = new AbortController();
  void once(child.stdout, "data")
    .then(() => pause(killAfterMs, null, { signal: over.signal }))
    .then(
      () => child.kill("SIGKILL"),
      () => undefined,
    );
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  over.abort();
  if (signal !== null) return null;
  const last = (await said).trim().split("\n").at(-1) ?? "";
  return transferLineSchema.parse(JSON.parse(last));
}

test("killed at random, again and again, it becomes whole, and is never seen half", async (t) => {
  t.timeout(300_000);
  const many = `for i in $(seq 40); do mkdir -p "many/$i"; for j in $(seq 10); do echo "$i $j" >"many/$i/$j"; done; done`;
  const places = await TwoPlaces.make(t, `${everything}${many}\ntouch -d '2020-01-01' many .`);
  const before = await places.listing("from");
  const all = new Set(await places.names("from"));
  let line: TransferLine | null = null;
  let kills = 0;
  // Each lives longer than the one before, so that it comes to its end on slow machines too.
  for (let patience = 20; line === null; patience *= 1.8) {
    line = await run(places.path, Math.random() * patience);
    if (line !== null) break;
    kills += 1;
    const seen = (await places.names("to")).filter((name) => name !== ".swarmnfs-transfer");
    // At the very end they come one after the other, each of them whole and compared.
    for (const name of seen) t.true(all.has(name), name);
  }
  t.log(`killed ${kills} times`);
  t.like(line, { report: { whole: true, differences: { count: 0 } } });
  t.is(await places.listing("to"), before);
  t.is(await places.listing("from"), before);
});

test("what goes wrong is said in words", async (t) => {
  const places = await TwoPlaces.make(t, "echo new >file");
  await places.run("to", "echo old >file");
  t.like(await run(places.path, 60_000), { failure: { code: "conflict" } });
});
