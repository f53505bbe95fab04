import process from "node:process";
import { systemClock } from "../../../service/clock.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { keep } from "../../../storage/keeper/keeper.ts";

/** A keeper that computes for MS milliseconds while it attaches, as on a processor that it gets little of: `busy-keeper.ts MS`. */
const busyMs = Number(process.argv[2]);

async function checkpoint(step: string): Promise<void> {
  if (step !== "attach:signed") return;
  const until = performance.now() + busyMs;
  while (performance.now() < until);
}

keep(
  (settings, progress) =>
    new DirectoryStorage(settings, { clock: systemClock, progress, checkpoint }),
);
