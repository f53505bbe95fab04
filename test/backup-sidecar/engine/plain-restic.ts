import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import type { ExecutionContext } from "ava";
import { execa } from "execa";
import { until } from "../../plugin/until.ts";
import { resticOfTheImage } from "../restic.ts";
import type { BackedUp } from "./backed-up.ts";

interface Running {
  /** Ends it at once, and waits until it has ended. */
  kill(): Promise<void>;
}

/** restic as somebody else runs it, on a host of its own, with nothing of ours around it. */
export async function plainRestic(
  t: ExecutionContext,
  place: BackedUp,
  host: string,
  args: readonly string[],
): Promise<Running> {
  const cache = path.join(place.top, "cache-elsewhere");
  await mkdir(cache, { recursive: true });
  const named = ["--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host];
  const process = execa("unshare", [...named, await resticOfTheImage(), ...args], {
    env: {
      RESTIC_REPOSITORY: place.onServer("repositories/blog"),
      RESTIC_PASSWORD_FILE: path.join(place.top, "password"),
      RESTIC_CACHE_DIR: cache,
    },
    reject: false,
  });
  const kill = async (): Promise<void> => {
    process.kill("SIGKILL");
    await process;
  };
  t.teardown(kill);
  return { kill };
}

/** Leaves a lock behind, as a restic does that is killed in the middle of its work. */
export async function leaveLock(
  t: ExecutionContext,
  place: BackedUp,
  host: string,
  kind: "exclusive" | "shared",
): Promise<void> {
  const before = (await locksOn(place)).length;
  // It waits for what nobody writes.
  const shared = ["backup", "--stdin", "--stdin-filename", "x"];
  const restic = await plainRestic(t, place, host, kind === "shared" ? shared : ["check"]);
  await until("it has its lock", async () => (await locksOn(place)).length > before, 120_000);
  await restic.kill();
}

/** Names of the locks that lie there whole. */
export async function locksOn(place: BackedUp): Promise<string[]> {
  const names = await readdir(place.onServer("repositories/blog/locks"));
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
}
