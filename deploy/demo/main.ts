// `make demo`: the plugin's main job, on real containers, told line by line as it is seen.
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { privateStage } from "./private-stage.ts";
import type { Stage } from "./stage.ts";
import { Story } from "./story.ts";
import { buildPlugin, installPlugin } from "./steps/plugin.ts";
import { backupSteps } from "./steps/backup.ts";
import { composeSteps } from "./steps/compose.ts";
import { containerSteps } from "./steps/containers.ts";
import { operationsSteps } from "./steps/operations.ts";
import { swarmSteps } from "./steps/swarm.ts";
import { trashSteps } from "./steps/trash.ts";
import { thisStage } from "./this-stage.ts";
import { tidy } from "./tidy.ts";

const logs = path.join(import.meta.dirname, "../../.engine/logs/demo");
const here = process.env["DEMO_ENGINE"] === "this";
const story = new Story();
let stage: Stage | undefined;

async function close(): Promise<void> {
  if (stage === undefined) return;
  const open = stage;
  stage = undefined;
  if (here) await tidy(open);
  await open.close();
}

async function play(): Promise<void> {
  const opened = await story.step("engine", async () => {
    stage = await (here ? thisStage() : privateStage());
    return stage.title;
  });
  if (opened && stage !== undefined) await playOn(stage);
}

async function playOn(engine: Stage): Promise<void> {
  if (!(await story.step("build", buildPlugin))) return;
  if (!(await story.step("plugin", () => installPlugin(engine)))) return;
  await containerSteps(story, engine);
  await composeSteps(story, engine);
  await swarmSteps(story, engine);
  await trashSteps(story, engine);
  await backupSteps(story, engine);
  await operationsSteps(story, engine);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    process.stdout.write("\nStopped; taking away what the demo made …\n");
    void close().finally(() => process.exit(130));
  });
}

process.stdout.write("\n");
try {
  await play();
  if (!story.happened && stage !== undefined) {
    await rm(logs, { recursive: true, force: true });
    await mkdir(logs, { recursive: true });
    await stage.keepLogs(logs);
    await writeFile(path.join(logs, "environment.txt"), `${process.version} ${process.arch}\n`);
  }
} finally {
  await close();
}
story.sum();
if (!story.happened) {
  process.stdout.write(`Logs: ${logs}\n`);
  process.exitCode = 1;
}
