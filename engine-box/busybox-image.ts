import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import type { DockerCli } from "./docker-cli.ts";

/** Makes the image `name` out of one static busybox (2 MB), with `sh` as its command. Needs no registry. */
export async function loadBusybox(
  docker: DockerCli,
  busybox: string,
  name = "busybox",
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-busybox-"));
  try {
    const bin = path.join(folder, "root/bin");
    await mkdir(bin, { recursive: true });
    await copyFile(busybox, path.join(bin, "busybox"));
    const { stdout } = await execa(busybox, ["--list"]);
    const applets = stdout.split("\n").filter((applet) => applet !== "busybox");
    await Promise.all(applets.map((applet) => symlink("busybox", path.join(bin, applet))));
    await mkdir(path.join(folder, "root/tmp"), { mode: 0o777 });
    const archive = path.join(folder, "image.tar");
    await execa("tar", [
      "--create",
      "--file",
      archive,
      "--directory",
      path.join(folder, "root"),
      ".",
    ]);
    await docker.feed(archive, "import", "--change", 'CMD ["sh"]', "-", name);
  } finally {
    await rm(folder, { recursive: true });
  }
}
