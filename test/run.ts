// Runs what needs no virtual machines, or only what is named (`check`, `unit`, `engine`, `lab`, `soak`), and ends with
// "N passed, N failed".
import process from "node:process";
import { checks } from "./run/checks.ts";
import { runCommand } from "./run/command.ts";
import { runAva } from "./run/ava.ts";
import { runLab } from "./run/lab.ts";
import type { Tally } from "./run/tally.ts";

const suites: Readonly<Record<string, () => Promise<Tally>>> = {
  check: checks,
  unit: () => withRestic([]),
  engine: () => runEngines("test/engine/ava.config.mjs"),
  // The core of the lab's cases, as CI has time for; then all of them.
  lab: () => runLab("core"),
  soak: async () => {
    const backup = await runBackupSoak();
    const engine = await runEngineSoak();
    const report = await runReportSoak();
    const scale = await runScaleSoak();
    const { passed, failed } = await runLab("all");
    return {
      passed: passed + backup.passed + engine.passed + report.passed + scale.passed,
      failed: failed + backup.failed + engine.failed + report.failed + scale.failed,
    };
  },
  "backup-soak": runBackupSoak,
  "engine-soak": runEngineSoak,
  "report-soak": runReportSoak,
  "scale-soak": runScaleSoak,
};
const usual = ["check", "unit", "engine"];

/** What of the backup takes too long for every change. */
function runBackupSoak(): Promise<Tally> {
  return withRestic(["--config", "test/backup-sidecar/soak/ava.config.mjs"]);
}

/** A machine that has not made restic's base yet needs longer for it than a test may take. */
async function withRestic(args: readonly string[]): Promise<Tally> {
  const made = await runCommand("restic", "node", ["test/backup-sidecar/make-restic.ts"]);
  if (made.failed > 0) return made;
  const { passed, failed } = await runAva(args);
  return { passed: passed + made.passed, failed };
}

/** What of private engines does. */
function runEngineSoak(): Promise<Tally> {
  return runEngines("test/engine/soak/ava.config.mjs");
}

/** The report's page in a real browser, and a report of very many volumes. */
function runReportSoak(): Promise<Tally> {
  return runAva(["--config", "test/cli/soak/ava.config.mjs"]);
}

/** dir:// on GlusterFS, with name spaces for machines. */
function runScaleSoak(): Promise<Tally> {
  return runAva(["--config", "test/scale/ava.config.mjs"]);
}

/** With the present plugin, and the present images of what they run. */
async function runEngines(config: string): Promise<Tally> {
  const built = await runCommand("rootfs", "node", ["rootfs-build/build.ts"]);
  if (built.failed > 0) return built;
  let images = 0;
  for (const name of ["backup", "bench"]) {
    const made = await runCommand(`images ${name}`, "node", ["rootfs-build/images.ts", name]);
    if (made.failed > 0) return made;
    images += made.passed;
  }
  const { passed, failed } = await runAva(["--config", config]);
  return { passed: passed + built.passed + images, failed };
}

const wanted = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const name of wanted.length > 0 ? wanted : usual) {
  const suite = suites[name];
  if (suite === undefined) {
    process.stderr.write(`"${name}" is no suite. Suites: ${Object.keys(suites).join(", ")}\n`);
    process.exit(2);
  }
  const started = Date.now();
  process.stdout.write(`\n${name}\n`);
  const tally = await suite();
  passed += tally.passed;
  failed += tally.failed;
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(`${name}: ${tally.passed} passed, ${tally.failed} failed, ${seconds} s\n`);
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
