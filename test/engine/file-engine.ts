import path from "node:path";
import process from "node:process";
import test from "ava";
import type { Outcome } from "../../engine-box/outcome.ts";
import { enablePlugin } from "../../engine-box/plugin.ts";
import { PrivateEngine } from "../../engine-box/private-engine.ts";
import { provideTemplate } from "../../engine-box/template-folder.ts";
import { keepLogs, until, type EngineUnderTestOptions } from "./engine-under-test.ts";

const root = path.join(import.meta.dirname, "../..");

/**
 * One engine for all tests of a file, which are `test.serial` and share it: every name of a volume, app or container is
 * used by one test only. It ends with the file; when a test failed its logs are kept in `.engine/logs/<title>`.
 */
export function fileEngine(title: string, options: EngineUnderTestOptions = {}): FileEngine {
  const shared = new FileEngine();
  let failed = false;
  test.serial.before(async () => {
    shared.engine = await PrivateEngine.start({ varLib: await provideTemplate(), ...options });
    if (options.enabled !== false) await enablePlugin(shared.engine.cli, options.settings);
  });
  test.afterEach.always((t) => {
    failed ||= !t.passed;
  });
  test.after.always(async (t) => {
    if (!shared.isStarted) return;
    if (failed) await keepLogs(t, title, shared.engine);
    await shared.engine.stop();
  });
  return shared;
}

// Runs on the engine's machine: from outside, the socket's path is longer than a socket's path may be.
const askScript = `
  const { globSync } = require("node:fs");
  const { request } = require("node:http");
  const { text } = require("node:stream/consumers");
  const [socketPath] = globSync("/run/docker/plugins/*/swarmnfs.sock");
  const ask = ([verb, body]) => new Promise((resolve) =>
    request({ socketPath, method: "POST", path: "/" + verb }, (answer) => text(answer).then(resolve))
      .on("error", (error) => resolve(JSON.stringify(error.message)))
      .end(JSON.stringify(body)));
  Promise.all(JSON.parse(process.argv[1]).map(ask)).then((all) => console.log("[" + all.join() + "]"));`;

/** What the tests of a file do with their engine. */
export class FileEngine {
  #engine: PrivateEngine | undefined;

  get engine(): PrivateEngine {
    if (this.#engine === undefined) throw new Error("the engine of this file has not been started");
    return this.#engine;
  }

  set engine(engine: PrivateEngine) {
    this.#engine = engine;
  }

  get isStarted(): boolean {
    return this.#engine !== undefined;
  }

  /** `docker LINE`, its words separated by spaces, then `more` as it is. Throws with Docker's words when it fails. */
  docker(line: string, ...more: string[]): Promise<string> {
    return this.engine.cli.run(...line.split(" "), ...more);
  }

  /** The same; returns how it ended. */
  attempt(line: string, ...more: string[]): Promise<Outcome> {
    return this.engine.cli.attempt(...line.split(" "), ...more);
  }

  /**
   * Runs `script` in a busybox container called `name` that has `volume` at `/d`, works there and is gone afterwards;
   * `flags` are more flags of `docker run`.
   */
  inContainer(name: string, volume: string, script: string, flags = ""): Promise<Outcome> {
    const line = `run --rm --name ${name} --volume ${volume}:/d ${flags}`.trim();
    // Not --workdir: it makes the directory in the image, whose owner and mode Docker then copies to an empty volume.
    return this.attempt(`${line} busybox sh -c`, `cd /d; ${script}`);
  }

  /** The `Status` of a volume as `docker volume inspect` shows it. */
  async status(volume: string): Promise<Readonly<Record<string, unknown>>> {
    const text = await this.docker("volume", "inspect", "--format", "{{json .Status}}", volume);
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  }

  /** `swarmnfs LINE` on the engine's machine. */
  swarmnfs(line: string): Promise<Outcome> {
    const command = path.join(root, "cli/main.ts");
    return this.engine.run(process.execPath, [command, ...line.split(" ")]);
  }

  /** What the plugin answers to a request on its socket, as if Docker had sent it. */
  async ask(verb: string, request: object): Promise<unknown> {
    const [answer] = await this.askAll([[verb, request]]);
    return answer;
  }

  /** The same for several requests at once; one that is not answered has the error's words for an answer. */
  async askAll(
    requests: readonly (readonly [verb: string, request: object])[],
  ): Promise<unknown[]> {
    const args = ["-e", askScript, JSON.stringify(requests)];
    const { stdout, stderr } = await this.engine.run(process.execPath, args);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as unknown[];
  }

  /** Volumes of ours that are mounted on the engine's machine now. */
  async mounted(): Promise<readonly string[]> {
    const { stdout } = await this.engine.run("cat", ["/proc/self/mountinfo"]);
    const names = stdout.matchAll(/\/propagated-mount\/([^ /]+) /g);
    return [...new Set(Array.from(names, ([, name = ""]) => name))].toSorted();
  }

  /** Waits until nothing is mounted and nobody is noted as a holder: what was opened has been closed. */
  async allUnmounted(): Promise<void> {
    await until(
      "no volume is mounted any more",
      async () => (await this.mounted()).length === 0,
      60_000,
    );
    await until("the mount table is empty", async () => {
      const { stdout } = await this.engine.run("cat", ["/var/lib/swarmnfs/mounts.json"]);
      return (JSON.parse(stdout) as { rows: unknown[] }).rows.length === 0;
    });
  }

  /** `docker compose LINE` (or `docker-compose LINE`) in `folder`. */
  compose(folder: string, line: string): Promise<Outcome> {
    return this.engine.cli.attemptCompose(folder, {}, ...line.split(" "));
  }
}
