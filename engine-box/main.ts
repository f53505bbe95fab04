// A private engine to try things on: starts one, opens a shell whose `docker` speaks to it, ends it with the shell.
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { enablePlugin } from "./plugin.ts";
import { PrivateEngine } from "./private-engine.ts";
import { provideTemplate } from "./template-folder.ts";

const engine = await PrivateEngine.start({ varLib: await provideTemplate() });
await enablePlugin(engine.cli);
process.stdout.write(
  `A private Docker Engine with the plugin is up; this shell's docker speaks to it. Its end is the engine's.\n` +
    `Logs: ${engine.logFile}\n`,
);
const shell = spawn(process.env["SHELL"] || "sh", {
  stdio: "inherit",
  env: { ...process.env, ...engine.env },
});
// Ctrl-C is for what runs in the shell.
process.on("SIGINT", () => undefined);
await once(shell, "exit");
await engine.stop();
