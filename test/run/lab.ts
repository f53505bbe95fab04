import { rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { Lab, labsFolder, removeLab } from "../../lab/lab.ts";
import { collectLogs } from "../../lab/logs.ts";
import { formSwarm } from "../../lab/swarm.ts";
import { runAva } from "./ava.ts";
import { runCommand } from "./command.ts";
import type { Tally } from "./tally.ts";

const config = "test/lab/ava.config.mjs";

/** What CI has time for, by its names in test/lab; docs/testing.md says when the rest was run. */
const core = ["swarm", "plugin", "power", "many", "nas-reboot", "nas-cut", "stack"];

/** What needs a machine for our own NFS server besides the NAS. */
const withStorage = new Set(["attacks"]);

/**
 * Runs the core of the lab's cases, all of them, or the files that CASES names, in a lab: the one that LAB names, or a new
 * one of three nodes that is gone afterwards. With LAB_KEEP=1 it stays, as a lab of the person who asked for it.
 */
export async function runLab(which: "core" | "all"): Promise<Tally> {
  const chosen = (process.env["CASES"] ?? "").split(" ").filter(Boolean);
  const names = chosen.length > 0 ? chosen : which === "core" ? core : ["*"];
  const files = names.map((name) => `test/lab/${name}.test.ts`);
  const given = process.env["LAB"];
  if (given) return runAva(["--config", config, ...files], { LAB: given });
  const built = await runCommand("rootfs", "node", ["rootfs-build/build.ts"]);
  if (built.failed > 0) return built;
  const storage = names.some((each) => each === "*" || withStorage.has(each));
  if (storage) {
    const images = await runCommand("images", "node", ["rootfs-build/images.ts"]);
    if (images.failed > 0) return images;
  }
  const keep = process.env["LAB_KEEP"] === "1";
  const name = `test-${process.pid}`;
  const leave = async (): Promise<void> => {
    if (!keep) await removeLab(name);
    process.exit(130);
  };
  // Not once(): execa ends a process at a signal that nobody listens to any more.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => void leave());
  const lab = await Lab.create(name, { nodes: 3, storage }, tell, !keep);
  try {
    if (!(await comesUp(lab))) return { passed: built.passed, failed: 1 };
    const { passed, failed } = await runAva(["--config", config, ...files], {
      LAB: name,
      // Nobody needs it afterwards, so tests may leave their volumes.
      LAB_ENDS: keep ? "" : "1",
    });
    return { passed: passed + built.passed + 1, failed };
  } finally {
    if (keep) tell(`lab "${name}" stays. To remove it: LAB=${name} make lab-down`);
    else await lab.destroy();
  }
}

async function comesUp(lab: Lab): Promise<boolean> {
  const began = Date.now();
  const seconds = (): string => `${Math.round((Date.now() - began) / 1000)} s`;
  const signOfLife = setInterval(() => tell(`… coming up, ${seconds()} so far`), 30_000);
  try {
    await lab.start(tell);
    await formSwarm(lab, tell);
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
