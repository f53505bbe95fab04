import { readFile } from "node:fs/promises";
import { release } from "node:os";
import { UserError } from "../../service/user-error.ts";
import { canSpeakTls, leastKernel } from "../../storage/tls/kernel.ts";

/** What is looked at. */
export interface TlsWorld {
  /** `uname -r`. */
  readonly release: string;
  /** /proc/self/status. */
  readonly status: string;
}

/** CAP_NET_ADMIN, capabilities(7). */
const netAdmin = 1n << 12n;

/** What keeps this machine or container from NFS over TLS, each with what to do; empty when nothing does. */
export async function missingForTls(): Promise<readonly UserError[]> {
  return tlsFaults({ release: release(), status: await readFile("/proc/self/status", "utf8") });
}

/** The same of a world. */
export function tlsFaults({ release: kernel, status }: TlsWorld): readonly UserError[] {
  const faults: string[] = [];
  if (!canSpeakTls(kernel))
    faults.push(
      `SWARMNFS_TLS=on needs Linux ${leastKernel} or later on the storage node and on every node; this is ${kernel}. Leave it out, or use a newer kernel (Debian 13 has 6.12)`,
    );
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  if ((BigInt(`0x${capabilities}`) & netAdmin) === 0n)
    faults.push(
      "SWARMNFS_TLS=on needs the capability NET_ADMIN, without which tlshd hears nothing of the kernel. In the compose file: cap_add: [SYS_ADMIN, NET_ADMIN]",
    );
  if (/^Seccomp:\s*2$/m.test(status))
    faults.push(
      "SWARMNFS_TLS=on needs the kernel's keyrings, which Docker's seccomp profile forbids: tlshd could not tell the kernel that a node has proved who it is. In the compose file: security_opt: [apparmor=unconfined, seccomp=unconfined]",
    );
  return faults.map((message) => new UserError("unsupported", message));
}
