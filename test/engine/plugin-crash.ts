import { pluginProcess } from "../../engine-box/plugin.ts";
import type { PrivateEngine } from "../../engine-box/private-engine.ts";
import { until } from "./engine-under-test.ts";

const socket = "/run/docker/plugins/swarmnfs.sock";

/** The plugin's main process, as the engine's machine counts. */
export async function runningPlugin(engine: PrivateEngine): Promise<number> {
  return until("the plugin runs", () => pluginProcess((...command) => engine.run(...command)));
}

/** Kills the plugin's process with SIGKILL and returns at once: dockerd starts another within half a second. */
export async function killPlugin(engine: PrivateEngine): Promise<number> {
  const pid = await runningPlugin(engine);
  // Half a second after it started it, dockerd knocks; a plugin that dies before that is disabled, whatever it is.
  await until("dockerd has met the plugin", async () => {
    const { stdout } = await engine.run("ps", ["--no-headers", "-o", "etimes", "-p", String(pid)]);
    return Number(stdout) >= 2;
  });
  await engine.run("kill", ["-9", String(pid)]);
  return pid;
}

/** Kills the plugin's process and waits until another one runs. */
export async function crashPlugin(engine: PrivateEngine): Promise<void> {
  const killed = await killPlugin(engine);
  await until("dockerd has started the plugin again", async () => {
    return (await runningPlugin(engine)) !== killed;
  });
}

/**
 * Kills the plugin while it holds a call of Docker's that it has not answered: it is frozen, `action` is begun, and
 * when Docker waits for the plugin it is killed. Returns what the action comes to.
 */
export async function killPluginDuring<T>(
  engine: PrivateEngine,
  action: () => Promise<T>,
): Promise<T> {
  const pid = await runningPlugin(engine);
  await engine.run("kill", ["-STOP", String(pid)]);
  const outcome = action();
  outcome.catch(() => undefined);
  await until("Docker waits for the plugin", async () => {
    const { stdout } = await engine.run("ss", ["--no-header", "--unix", "--all", `src ${socket}`]);
    // In the third column, what nobody has read: bytes of a request, or connections that wait to be accepted.
    return stdout.split("\n").some((line) => Number(line.trim().split(/\s+/)[2]) > 0);
  });
  await engine.run("kill", ["-9", String(pid)]);
  return outcome;
}
