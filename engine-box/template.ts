// Makes a `/var/lib` in which the engine already has the plugin (installed, not enabled) and a busybox image, so that
// each test's engine starts from a copy in a second instead of unpacking and packing 120 MB. Run by `provideTemplate`.
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { provideBase } from "../rootfs-build/base.ts";
import { loadBusybox } from "./busybox-image.ts";
import { sweepLeftovers } from "./leftovers.ts";
import { buildIn, pluginFolder, pluginName } from "./plugin.ts";
import { PrivateEngine } from "./private-engine.ts";
import { templateOf } from "./template-folder.ts";

const template = templateOf(await buildIn(pluginFolder));
if (!existsSync(template)) {
  await sweepLeftovers();
  const base = await provideBase(["debootstrap"]);
  const engine = await PrivateEngine.start({ hostname: "template" });
  await loadBusybox(engine.cli, base.busybox);
  await engine.cli.run("plugin", "create", pluginName, pluginFolder);
  await engine.stopDaemon();
  await engine.stop({ keep: true });
  await mkdir(template, { recursive: true });
  await rename(path.join(engine.folder, "var-lib"), path.join(template, "var-lib"));
  await rm(engine.folder, { recursive: true });
}
