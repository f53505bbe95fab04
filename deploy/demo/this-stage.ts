import { writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { loadBusybox } from "../../engine-box/busybox-image.ts";
import { DockerCli } from "../../engine-box/docker-cli.ts";
import { outcomeOf } from "../../engine-box/outcome.ts";
import { pluginName } from "../../engine-box/plugin.ts";
import { provideBase } from "../../rootfs-build/base.ts";
import { commandFile } from "./command-file.ts";
import { label, volumes } from "./names.ts";
import type { Stage } from "./stage.ts";

/** State and data of the demo, apart from those of a real installation. */
const folder = "swarmnfs-demo";
const image = "swarmnfs-demo-busybox";
const swarmBridge = "docker_gwbridge";

/** The engine that `docker` speaks to. Throws if something there could be mistaken for the demo's. */
export async function thisStage(): Promise<Stage> {
  const docker = new DockerCli({});
  const version = await docker.run("version", "--format", "{{.Server.Version}}");
  await refuseWhatIsThere(docker);
  const { busybox } = await provideBase(["docker", "debootstrap"]);
  await loadBusybox(docker, busybox, image);
  const mount = ["--rm", "--label", label, "--volume", "/var/lib:/host", image];
  await docker.run("run", ...mount, "mkdir", "-p", `/host/${folder}`);
  const joined = await docker.run("info", "--format", "{{.Swarm.LocalNodeState}}");
  const bridge = await docker.attempt("network", "inspect", swarmBridge);
  return {
    docker,
    settings: { "state.source": `/var/lib/${folder}` },
    image,
    title: `your Docker Engine ${version}, as DEMO_ENGINE=this asks`,
    swarmnfs: (...args) => outcomeOf(process.execPath, [commandFile, ...args]),
    keepLogs: async (place) => {
      const plugin = await docker.attempt("plugin", "inspect", pluginName);
      await writeFile(path.join(place, "plugin.json"), plugin.stdout);
      const note = "The plugin's own lines are in your engine's log: journalctl -u docker\n";
      await writeFile(path.join(place, "README.txt"), note);
    },
    close: async () => {
      if (joined === "inactive") await docker.attempt("swarm", "leave", "--force");
      // Docker makes it for the swarm, and leaves it.
      if (bridge.exitCode !== 0) await docker.attempt("network", "rm", swarmBridge);
      await docker.attempt("plugin", "rm", "--force", pluginName);
      await docker.attempt("run", ...mount, "rm", "-rf", `/host/${folder}`);
      await docker.attempt("rmi", image, "swarmnfs/backup:latest");
    },
  };
}

async function refuseWhatIsThere(docker: DockerCli): Promise<void> {
  const plugins = await docker.run("plugin", "ls", "--format", "{{.Name}}");
  if (plugins.split("\n").some((name) => name.replace(/:latest$/, "") === pluginName)) {
    throw new Error(
      `Your engine has a plugin called "${pluginName}" already, and the demo would have to replace it.\n` +
        `Take the private engine instead (make demo), or remove yours first: make plugin-remove`,
    );
  }
  const known = (await docker.run("volume", "ls", "--format", "{{.Name}}")).split("\n");
  const taken = volumes.filter((name) => known.includes(name));
  if (taken.length > 0) {
    throw new Error(
      `Your engine has volumes the demo would make: ${taken.join(", ")}. Take the private engine instead: make demo`,
    );
  }
}
