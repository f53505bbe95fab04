import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { buildIn, pluginFolder } from "./plugin.ts";
import { enginesFolder } from "./private-engine.ts";

/** Where the template of a build lies. */
export function templateOf(build: string): string {
  return path.join(enginesFolder, `template-${build}`);
}

/** The `varLib` for engines that shall have the plugin of the present build installed; made first if need be. */
export async function provideTemplate(): Promise<string> {
  const varLib = path.join(templateOf(await buildIn(pluginFolder)), "var-lib");
  if (!existsSync(varLib)) {
    await mkdir(enginesFolder, { recursive: true });
    // Test files run at the same time: one makes it, the others wait.
    const lock = path.join(enginesFolder, "template.lock");
    const script = path.join(import.meta.dirname, "template.ts");
    await execa("flock", [lock, process.execPath, script]);
  }
  return varLib;
}
