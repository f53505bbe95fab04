import { copyFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { loadBusybox } from "../../engine-box/busybox-image.ts";
import { PrivateEngine } from "../../engine-box/private-engine.ts";
import { provideBase } from "../../rootfs-build/base.ts";
import { commandFile } from "./command-file.ts";
import type { Stage } from "./stage.ts";

/** A private engine, gone when the demo ends. One that runs here already is not touched. */
export async function privateStage(): Promise<Stage> {
  const { busybox } = await provideBase(["debootstrap"]);
  const engine = await PrivateEngine.start();
  const docker = engine.cli;
  await loadBusybox(docker, busybox);
  const version = await docker.run("version", "--format", "{{.Server.Version}}");
  return {
    docker,
    settings: {},
    image: "busybox",
    title: `private Docker Engine ${version} started (yours is not touched)`,
    swarmnfs: (...args) => engine.run(process.execPath, [commandFile, ...args]),
    keepLogs: async (folder) => {
      await copyFile(engine.logFile, path.join(folder, "dockerd.log"));
    },
    close: () => engine.stop(),
  };
}
