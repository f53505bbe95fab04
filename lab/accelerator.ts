import { access, constants, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { cached, keyOf } from "./image/cache.ts";
import type { System } from "./image/system.ts";
import { probeArguments, type Accelerator } from "./qemu.ts";

/** A kernel's first words take less than a second with hardware virtualisation; where it hangs, they never come. */
const patience = 10_000;

/**
 * Hardware virtualisation when a short boot shows that it works (/dev/kvm alone promises nothing), else emulation. What
 * was found out is remembered until this machine boots again.
 */
export async function chooseAccelerator(system: System): Promise<Accelerator> {
  try {
    await access("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return "tcg";
  }
  const key = keyOf(await readFile("/proc/sys/kernel/random/boot_id"), system.kernel);
  const folder = await cached("lab-accelerator", key, async (making) => {
    await writeFile(path.join(making, "works"), String(await kvmWorks(system)));
  });
  return (await readFile(path.join(folder, "works"), "utf8")) === "true" ? "kvm" : "tcg";
}

async function kvmWorks(system: System): Promise<boolean> {
  const boot = await execa("qemu-system-x86_64", probeArguments("kvm", system), {
    reject: false,
    stdin: "ignore",
    timeout: patience,
    forceKillAfterDelay: 1000,
  });
  return boot.stdout.includes("Kernel panic");
}
