import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { execa } from "execa";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import { until } from "../../plugin/until.ts";
import { resticOfTheImage } from "../restic.ts";
import { BackedUp } from "./backed-up.ts";

const works = ["run", "run", "run", "verify", "prune"] as const;
type Work = (typeof works)[number];

/**
 * Kills a backup service, its bridge with it, or restic alone, at random moments of runs, verifications and prunes, so many
 * times. After each: nothing half-written has a final name, and no restic is left. At the end: the next run succeeds by
 * itself, and all data reads back.
 */
export async function killAtRandom(t: ExecutionContext, rounds: number): Promise<void> {
  const place = await BackedUp.withApache(t);
  await mkdir(path.join(place.top, "state/killed/tmp"), { recursive: true });
  const volume = await place.volume("blog", "blog_data", [["kept", 2_000_000]]);
  const folder = place.folder("blog", "blog_data");
  t.like(await start(place, volume, "run", null), { outcome: "ok" });
  const killed = { service: 0, restic: 0, late: 0 };
  for (let round = 0; round < rounds; round += 1) {
    await writeFile(path.join(folder, `file${round % 7}`), randomBytes(6_000_000));
    const victim = round % 3 === 2 ? "restic" : "service";
    const work = works[round % works.length] ?? "run";
    const done = await start(place, volume, work, { victim, afterMs: Math.random() * 4000 });
    killed[done === null ? victim : "late"] += 1;
    await until("every restic of it has ended", async () => (await restics(place)) === 0, 30_000);
    t.deepEqual(await halfWritten(place), [], `round ${round}: ${work}, ${victim}`);
  }
  t.log(
    `killed ${killed.service} services and ${killed.restic} restics, ${killed.late} had ended before`,
  );
  const last = await start(place, volume, "run", null);
  t.like(last, { outcome: "ok" }, JSON.stringify(last));
  const verified = await start(place, volume, "verify", null);
  t.like(verified, { ok: true, loss: null, notes: [] }, JSON.stringify(verified));
}

/** What it said at its end; null when it was killed. */
async function start(
  place: BackedUp,
  volume: VolumeRecord,
  work: Work,
  kill: { readonly victim: "service" | "restic"; readonly afterMs: number } | null,
): Promise<unknown> {
  const server = place.dav?.server;
  const order = { top: place.top, server, volume, program: await resticOfTheImage(), work };
  const script = path.join(import.meta.dirname, "killed-service.ts");
  const service = execa(process.execPath, [script, JSON.stringify(order)], {
    reject: false,
    buffer: { stdout: false, stderr: true },
  });
  let said = "";
  let isOver = false;
  const killing = async (): Promise<boolean> => {
    if (kill === null) return false;
    await delay(kill.afterMs);
    if (isOver) return false;
    if (kill.victim === "service") return service.kill("SIGKILL");
    return killRestic(service.pid ?? 0);
  };
  let killed = Promise.resolve(false);
  for await (const line of createInterface({ input: service.stdout })) {
    if (line === "begun") killed = killing();
    else said = line;
  }
  const { stderr } = await service;
  isOver = true;
  if ((await killed) && kill !== null) return null;
  if (said === "") throw new Error(`the service said nothing: ${stderr}`);
  return JSON.parse(said) as unknown;
}

/** The one that the service runs at this moment; false if none. */
async function killRestic(service: number): Promise<boolean> {
  const children = await readFile(`/proc/${service}/task/${service}/children`, "utf8").catch(
    () => "",
  );
  const pids = children.split(" ").filter((pid) => pid.trim() !== "");
  for (const pid of pids) {
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (name.trim() === "restic") return process.kill(Number(pid), "SIGKILL");
  }
  return false;
}

/** How many have this place's password. */
async function restics(place: BackedUp): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.includes(`RESTIC_PASSWORD_FILE=${place.top}/`);
    }),
  );
  return found.filter(Boolean).length;
}

/** Files whose name is a SHA-256 that they do not have. */
async function halfWritten(place: BackedUp): Promise<string[]> {
  const folder = place.onServer("repositories/blog");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const wrong: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || entry.name === "config") continue;
    const file = path.join(entry.parentPath, entry.name);
    const hash = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
    if (hash !== entry.name) wrong.push(path.relative(folder, file));
  }
  return wrong;
}
