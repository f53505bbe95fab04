import { access, constants } from "node:fs/promises";
import { execa } from "execa";
import { probeArguments, type Accelerator } from "./qemu.ts";
import type { System } from "./image/system.ts";

/** A kernel's first words take less than a second with hardware virtualisation; where it hangs, they never come. */
const patience = 10_000;

/** Hardware virtualisation when a short boot shows that it works (/dev/kvm alone promises nothing), else emulation. */
export async function chooseAccelerator(system: System): Promise<Accelerator> {
  try {
    await access("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return "tcg";
  }
  const boot = await execa("qemu-system-x86_64", probeArguments("kvm", system), {
    reject: false,
    stdin: "ignore",
    timeout: patience,
    forceKillAfterDelay: 1000,
  });
  return boot.stdout.includes("Kernel panic") ? "kvm" : "tcg";
}
