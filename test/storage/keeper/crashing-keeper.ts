import { existsSync, writeFileSync } from "node:fs";
import process from "node:process";
import { systemClock } from "../../../service/clock.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { keep } from "../../../storage/keeper/keeper.ts";

/**
 * A keeper that is killed at its nth step, the first time: `node crashing-keeper.ts STEP FILE`. It tells by `FILE` that
 * it happened, so that the keeper that comes after it lives.
 */
const [, , step = "0", file = ""] = process.argv;
let count = 0;

async function checkpoint(): Promise<void> {
  count += 1;
  if (count !== Number(step) || existsSync(file)) return;
  writeFileSync(file, "");
  process.kill(process.pid, "SIGKILL");
  await new Promise(() => {});
}

keep(
  (settings, progress) =>
    new DirectoryStorage(settings, { clock: systemClock, progress, checkpoint }),
);
