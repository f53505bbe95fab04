// Run on a node: appends to a file and flushes it, ten times a second, until a file that says "stop" is there. Takes both
// as JSON; prints as JSON how long it was kept waiting, and what went wrong.
import { access, open } from "node:fs/promises";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../service/message-of.ts";
import type { Wrote } from "./restart.ts";

const everyMs = 100;

const { file, stop } = JSON.parse(process.argv[2] ?? "") as { file: string; stop: string };
let longest = 0;
let writes = 0;
const errors: string[] = [];
const handle = await open(file, "a");
let last = performance.now();
while (!(await isThere(stop))) {
  try {
    await handle.write(`${writes}\n`);
    await handle.sync();
    writes += 1;
  } catch (error) {
    errors.push(messageOf(error));
  }
  const now = performance.now();
  longest = Math.max(longest, now - last);
  last = now;
  await pause(everyMs);
}
const wrote: Wrote = { longest: longest / 1000, writes, errors };
process.stdout.write(`${JSON.stringify(wrote)}\n`);

async function isThere(place: string): Promise<boolean> {
  return access(place).then(
    () => true,
    () => false,
  );
}
