import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { bringUp } from "../../lab/bring-up.ts";
import { Lab, labsFolder, removeLab } from "../../lab/lab.ts";
import { collectLogs } from "../../lab/logs.ts";
import { runAva } from "./ava.ts";
import { runCommand } from "./command.ts";
import type { Tally } from "./tally.ts";

const config = "test/lab/ava.config.mjs";
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What CI has time for, by its names in test/lab; docs/testing.md says when the rest was run. */
const core = ["swarm", "plugin", "power", "nas-reboot", "stack"];

/** Cases on our own NFS server, which all nodes of their lab have as their storage; the others are on the NAS. */
const onOurServer = new Set([
  "attacks",
  "disaster",
  "encryption",
  "examples",
  "exclusive",
  "exclusive-faults",
  "grants",
  "raid",
  "server",
  "server-faults",
  "quota",
  "swarmnfs-conformance",
  "tls",
]);

/** Cases on the NAS that need an image of ours all the same. */
const withImages = new Set(["backup"]);

/**
 * Runs the core of the lab's cases, all of them, or the files that CASES names, in a lab: the one that LAB names, or new
 * ones of three nodes that are gone afterwards. With LAB_KEEP=1 they stay, as labs of the person who asked for them.
 */
export async function runLab(which: "core" | "all"): Promise<Tally> {
  const chosen = (process.env["CASES"] ?? "").split(" ").filter(Boolean);
  const names = chosen.length > 0 ? chosen : which === "core" ? core : await allCases();
  const given = process.env["LAB"];
  if (given) return runCases(names, { LAB: given });
  const built = await runCommand("rootfs", "node", ["rootfs-build/build.ts"]);
  if (built.failed > 0) return built;
  const tallies = [built];
  const onNas = names.filter((name) => !onOurServer.has(name));
  const onServer = names.filter((name) => onOurServer.has(name));
  if (onServer.length > 0 || names.some((name) => withImages.has(name))) {
    tallies.push(await runCommand("images", "node", ["rootfs-build/images.ts"]));
    if (tallies.some(({ failed }) => failed > 0)) return sum(tallies);
  }
  if (onNas.length > 0) tallies.push(await inNewLab(onNas, false));
  if (onServer.length > 0) tallies.push(await inNewLab(onServer, true));
  return sum(tallies);
}

function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((all, { passed }) => all + passed, 0),
    failed: tallies.reduce((all, { failed }) => all + failed, 0),
  };
}

async function allCases(): Promise<string[]> {
  const files = await readdir(path.join(import.meta.dirname, "../lab"));
  return files
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => path.basename(file, ".test.ts"))
    .toSorted();
}

function runCases(names: readonly string[], env: Readonly<Record<string, string>>): Promise<Tally> {
  return runAva(["--config", config, ...names.map((name) => `test/lab/${name}.test.ts`)], env);
}

/** That the lab came up counts as one. */
async function inNewLab(names: readonly string[], storage: boolean): Promise<Tally> {
  const keep = process.env["LAB_KEEP"] === "1";
  const name = `test-${process.pid}${storage ? "-storage" : ""}`;
  const leave = async (): Promise<void> => {
    if (!keep) await removeLab(name);
    process.exit(130);
  };
  const onSignal = (): void => void leave();
  // Not once(): execa ends a process at a signal that nobody listens to any more.
  for (const signal of signals) process.on(signal, onSignal);
  const lab = await Lab.create(name, { nodes: 3, storage }, tell, !keep);
  try {
    if (!(await comesUp(lab))) return { passed: 0, failed: 1 };
    // Nobody needs it afterwards, so tests may leave their volumes.
    const { passed, failed } = await runCases(names, { LAB: name, LAB_ENDS: keep ? "" : "1" });
    return { passed: passed + 1, failed };
  } finally {
    if (keep) tell(`lab "${name}" stays. To remove it: LAB=${name} make lab-down`);
    else await lab.destroy();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

async function comesUp(lab: Lab): Promise<boolean> {
  const began = Date.now();
  const seconds = (): string => `${Math.round((Date.now() - began) / 1000)} s`;
  const signOfLife = setInterval(() => tell(`… coming up, ${seconds()} so far`), 30_000);
  try {
    await bringUp(lab, tell);
    tell(`ok  the lab is up (${seconds()})`);
    return true;
  } catch (error) {
    tell(`FAIL  the lab does not come up: ${String(error)}`);
    const folder = path.join(labsFolder, ".logs", "up");
    await rm(folder, { recursive: true, force: true });
    await collectLogs(lab, folder);
    tell(`logs: ${folder}`);
    return false;
  } finally {
    clearInterval(signOfLife);
  }
}

function tell(line: string): void {
  process.stdout.write(`  ${line}\n`);
}
