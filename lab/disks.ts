import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { run } from "./image/command.ts";
import { registryDisk } from "./image/docker-disk.ts";
import type { LabPlan, MachinePlan } from "./plan.ts";

/** Makes the machine's disks in `folder`, unless they are there: what it writes lies in them, over images it only reads. */
export async function provideDisks(
  lab: LabPlan,
  machine: MachinePlan,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const data = path.join(folder, "data.qcow2");
  if (existsSync(data)) return;
  await overlay(lab.system.disk, path.join(folder, "root.qcow2"));
  if (machine.role === "node") return overlay(lab.dockerDisk, data);
  await overlay(registryDisk(path.dirname(lab.dockerDisk)), path.join(folder, "registry.qcow2"));
  const empty = path.join(folder, "empty.img");
  await run("mkfs.ext4", ["-q", "-m", "0", empty, "1G"]);
  await overlay(empty, data);
}

function overlay(image: string, disk: string): Promise<void> {
  return run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", disk]);
}
