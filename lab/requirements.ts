import { access, constants, mkdir, readFile, statfs } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { cacheFolder } from "./image/cache.ts";

/** Programs of this machine that a lab needs, and Debian's packages that have them. */
const programs = {
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
  debootstrap: "debootstrap",
  "mkfs.ext4": "e2fsprogs",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
} as const;

const gibibyte = 1024 ** 3;

/** MiB that QEMU takes besides what a machine believes to have; most of it is what emulation has translated. */
const overhead = 640;

/** Bytes that the images take in the cache, and what one machine writes in an afternoon. */
const room = { images: 3 * gibibyte, machine: gibibyte };

/**
 * Throws with everything that a lab of machines with this much memory (MiB each) in `folder` lacks here: processor,
 * programs, root, disk, memory.
 */
export async function checkRequirements(
  folder: string,
  memories: readonly number[],
): Promise<void> {
  const lacks = [
    ...(process.arch === "x64"
      ? []
      : [`a processor of the kind amd64; this one is ${process.arch}`]),
    ...(await missingPrograms()),
    ...(process.getuid?.() === 0 ? [] : ["root, for making the images: sudo make …"]),
    ...(await missingRoom(cacheFolder, room.images)),
    ...(await missingRoom(folder, memories.length * room.machine)),
    ...(await missingMemory(memories.reduce((sum, each) => sum + each + overhead, 0))),
  ];
  if (lacks.length > 0) throw new Error(`This machine lacks\n  ${lacks.join("\n  ")}`);
}

async function missingPrograms(): Promise<string[]> {
  const packages = new Set<string>();
  for (const [program, name] of Object.entries(programs))
    if (!(await isThere(program))) packages.add(name);
  if (packages.size === 0) return [];
  return [
    `programs; on Debian: apt-get install --no-install-recommends ${[...packages].join(" ")}`,
  ];
}

async function isThere(program: string): Promise<boolean> {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"];
  const found = await Promise.allSettled(
    folders.map((each) => access(path.join(each, program), constants.X_OK)),
  );
  return found.some(({ status }) => status === "fulfilled");
}

async function missingRoom(folder: string, bytes: number): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return [];
  return [`${inGibibytes(bytes)} of disk at ${folder}; there are ${inGibibytes(bavail * bsize)}`];
}

async function missingMemory(mebibytes: number): Promise<string[]> {
  const [, kibibytes] =
    /^MemAvailable: *(\d+)/m.exec(await readFile("/proc/meminfo", "utf8")) ?? [];
  const free = Number(kibibytes) * 1024;
  const wanted = mebibytes * 1024 ** 2;
  if (!(free < wanted)) return [];
  return [`${inGibibytes(wanted)} of memory; there are ${inGibibytes(free)}`];
}

function inGibibytes(bytes: number): string {
  return `${(bytes / gibibyte).toFixed(1)} GiB`;
}
