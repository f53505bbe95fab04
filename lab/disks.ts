import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { run } from "./image/command.ts";
import { registryDisk } from "./image/docker-disk.ts";
import type { LabPlan, MachinePlan } from "./plan.ts";

/** The file systems that the storage machine has for volumes, a disk each, in the order in which it sees them. */
const volumeDisks = ["xfs", "ext4", "btrfs"] as const;

/** The machine's disks in its folder, in the order in which it sees them. */
export function diskFiles(role: MachinePlan["role"]): string[] {
  const more = { nas: ["registry"], node: [], storage: volumeDisks };
  return ["root", "data", ...more[role]].map(diskFile);
}

/** Makes the machine's disks in `folder`, unless they are there: what it writes lies in them, over images it only reads. */
export async function provideDisks(
  lab: LabPlan,
  machine: MachinePlan,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const data = path.join(folder, "data.qcow2");
  if (existsSync(data)) return;
  await overlay(lab.system.disk, path.join(folder, diskFile("root")));
  if (machine.role === "node") return overlay(lab.dockerDisk, data);
  if (machine.role === "storage") {
    // Blank: the machine itself makes their file systems, when it finds them so.
    for (const kind of volumeDisks) await create(path.join(folder, diskFile(kind)), "2G");
    if (lab.serverDisk === undefined) throw new Error(`${machine.name} has no image to start from`);
    return overlay(lab.serverDisk, data);
  }
  await overlay(registryDisk(path.dirname(lab.dockerDisk)), path.join(folder, "registry.qcow2"));
  const empty = path.join(folder, "empty.img");
  await run("mkfs.ext4", ["-q", "-m", "0", empty, "1G"]);
  await overlay(empty, data);
}

function diskFile(name: string): string {
  return `${name}.qcow2`;
}

function create(disk: string, size: string): Promise<void> {
  return run("qemu-img", ["create", "-q", "-f", "qcow2", disk, size]);
}

function overlay(image: string, disk: string): Promise<void> {
  return run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", disk]);
}
