import path from "node:path";
import process from "node:process";
import { enablePlugin, pluginFolder, pluginName } from "../../../engine-box/plugin.ts";
import { outcomeOf } from "../../../engine-box/outcome.ts";
import { expect } from "../story.ts";
import type { Stage } from "../stage.ts";

const builder = path.join(import.meta.dirname, "../../../rootfs-build/build.ts");

/** Builds the plugin; returns what the builder says of it. */
export async function buildPlugin(): Promise<string> {
  const { exitCode, stdout, stderr } = await outcomeOf(process.execPath, [builder]);
  expect(exitCode === 0, "the plugin to be built", stderr);
  return stdout;
}

export async function installPlugin({ docker, settings }: Stage): Promise<string> {
  const started = Date.now();
  await docker.run("plugin", "create", pluginName, pluginFolder);
  await enablePlugin(docker, settings);
  const listed = await docker.run(
    "plugin",
    "ls",
    "--filter",
    "enabled=true",
    "--format",
    "{{.Name}}",
  );
  expect(
    listed.includes(`${pluginName}:latest`),
    `"${pluginName}" among the enabled plugins`,
    listed,
  );
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  return `docker plugin create, docker plugin enable: up in ${seconds} s`;
}
