import { open } from "node:fs/promises";
import path from "node:path";
import Docker from "dockerode";
import { enablePlugin, pluginName } from "../engine-box/plugin.ts";
import { PrivateEngine } from "../engine-box/private-engine.ts";
import { provideTemplate } from "../engine-box/template-folder.ts";

/** A private engine with the managed plugin of the present build, as a user has it. */
export interface BenchEngine {
  readonly docker: Docker;
  /** The plugin's id, which is the name of its control group as well. */
  readonly pluginId: string;
  /** The plugin's own socket, as this process reaches it. */
  readonly pluginSocket: string;
  /** The first process of the engine's machine. */
  readonly pid: number;
  /** A directory of the engine's machine, as this process reaches it. */
  at(place: string): string;
  stop(): Promise<void>;
}

export async function startEngine(): Promise<BenchEngine> {
  const engine = await PrivateEngine.start({ hostname: "bench", varLib: await provideTemplate() });
  try {
    await enablePlugin(engine.cli);
    const id = await engine.cli.run("plugin", "inspect", pluginName, "--format", "{{.Id}}");
    // A socket's path has at most 107 bytes; through an open directory it is short.
    const folder = await open(engine.at(`/run/docker/plugins/${id}`));
    return {
      docker: new Docker({ socketPath: engine.socket }),
      pluginId: id,
      pluginSocket: path.join(`/proc/self/fd/${folder.fd}`, `${pluginName}.sock`),
      pid: Number(/^\/proc\/(\d+)\//.exec(engine.at("/"))?.[1]),
      at: (place) => engine.at(place),
      async stop() {
        await folder.close();
        await engine.stop();
      },
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}
