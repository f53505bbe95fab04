import { cp, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { enablePlugin } from "../../engine-box/plugin.ts";
import { PrivateEngine, type EngineOptions } from "../../engine-box/private-engine.ts";
import { provideTemplate } from "../../engine-box/template-folder.ts";

/** Where the logs of engines are kept whose test failed. */
const logs = path.join(import.meta.dirname, "../../.engine/logs");

export interface EngineUnderTestOptions extends EngineOptions {
  /** As `docker plugin set` takes them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** False: installed only; the test enables it. */
  readonly enabled?: boolean;
}

/**
 * A private engine for this test alone, with the plugin of the present build installed and enabled as `swarmnfs`, and an
 * image `busybox`. Takes about a second. It ends with the test; when the test failed, its logs are kept in
 * `.engine/logs/<title>` and their folder is named.
 *
 * `engine.cli.run("volume", "create", …)` is Docker's command; `engine.run("mount", […])` runs on the engine's machine;
 * `engine.at("/var/lib/swarmnfs/data")` is a path there; `killDaemon`, `restartDaemon`, `reboot` do what they say.
 */
export async function engineUnderTest(
  t: ExecutionContext,
  options: EngineUnderTestOptions = {},
): Promise<PrivateEngine> {
  const engine = await PrivateEngine.start({ varLib: await provideTemplate(), ...options });
  t.teardown(async () => {
    if (!t.passed) await keepLogs(t, t.title, engine);
    await engine.stop();
  });
  if (options.enabled !== false) await enablePlugin(engine.cli, options.settings);
  return engine;
}

/** Waits until `condition` holds and returns what it returned; throws, naming `what`, when the deadline passes. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeout = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeout / 1000} s in vain until ${what}`);
    await pause(100);
  }
}

/** Keeps what dockerd and the plugin said where `engine.stop()` does not remove it, and says where. */
export async function keepLogs(
  t: ExecutionContext,
  title: string,
  engine: PrivateEngine,
): Promise<void> {
  const folder = path.join(logs, title.replaceAll(/[^\w.-]+/g, "-").slice(0, 100));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const wanted = (source: string) => source === engine.folder || source.endsWith(".log");
  await cp(engine.folder, folder, { recursive: true, filter: wanted });
  t.log(`The engine's logs are kept in ${folder}`);
}
