import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../service/user-error.ts";
import type { Ended, ThrowAway, Workplace } from "../../../plugin/benchmark/throw-away.ts";
import { FakeDaemon } from "../fake-daemon.ts";
import type { PluginUnderTest } from "../plugin-under-test.ts";

/** What fio really said, but for the spaces that lines began with. */
export function said(name: string): Promise<string> {
  return readFile(path.join(import.meta.dirname, "said", `${name}.txt`), "utf8");
}

/** Containers in memory, whose volumes are mounted by the plugin as Docker has them; what they say was said by fio before. */
export class FakeThrowAway implements ThrowAway {
  #plugin: PluginUnderTest | null = null;
  #daemon: FakeDaemon | null = null;
  hasImage = true;
  /** `volume` or `node`: where containers ran so far. */
  readonly ran: string[] = [];
  /** What happens while the container with that place runs; answers what it says. */
  onRun: (place: Workplace, words: readonly string[]) => Promise<string> = () => said("fio-3.39");
  /** The engine does not remove volumes now. */
  isStuck = false;

  /** Of which plugin they are. */
  belongTo(plugin: PluginUnderTest): FakeDaemon {
    this.#plugin = plugin;
    this.#daemon = new FakeDaemon(plugin);
    return this.#daemon;
  }

  async requireImage(): Promise<void> {
    if (!this.hasImage) throw new UserError("not-found", "no image");
  }

  async run(
    name: string,
    words: readonly string[],
    place: Workplace,
    _boundMs: number,
    signal: AbortSignal,
  ): Promise<Ended> {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
    aborted.catch(() => undefined);
    this.ran.push(place.kind);
    const volumes = place.kind === "volume" ? [place.name] : [];
    await this.#docker.run({ name, volumes });
    try {
      const output = await Promise.race([this.onRun(place, words), aborted]);
      return { exitCode: 0, output, errors: "" };
    } finally {
      await this.#remove(name);
    }
  }

  async sweep(): Promise<void> {
    if (this.isStuck) throw new UserError("unavailable", "Docker does not answer");
    for (const { name } of this.#plugin?.engine.containers.values() ?? [])
      if (name.startsWith("swarmnfs-bench-")) await this.#remove(name);
  }

  async removeVolume(name: string): Promise<void> {
    if (this.#docker.known.has(name)) await this.#docker.removeVolume(name);
  }

  async #remove(name: string): Promise<void> {
    await this.#docker.stop(name);
    this.#docker.removeContainer(name);
  }

  get #docker(): FakeDaemon {
    if (this.#daemon === null) throw new Error("they belong to no plugin yet");
    return this.#daemon;
  }
}
