import { mkdir, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../service/atomic-file.ts";
import { KeptProgram, type KeptProgramParts } from "../../service/kept-program.ts";

/** What one end of a connection proves itself with, and by what it knows the other; PEM. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

export interface TlshdPlaces {
  /** Where its files are put, a key among them: made for this user alone. */
  readonly folder: string;
  /** The program; another one in tests. */
  readonly program?: string;
  /** Whether the kernel speaks with it; something else in tests. */
  readonly isReady?: (pid: number) => Promise<boolean>;
}

/**
 * tlshd(8), which shakes hands for the kernel when a connection is to be TLS (RFC 9289), on either side. While it is away
 * connections that stand go on, and new ones cannot be made.
 */
export class Tlshd extends KeptProgram {
  readonly #folder: string;

  constructor(places: TlshdPlaces, told: KeptProgramParts["told"]) {
    const { folder, program = "tlshd", isReady = listensToKernel } = places;
    const config = join(folder, "tlshd.conf");
    super({
      program,
      args: ["--stderr", "--config", config],
      // It looks up the names of addresses, and needs none of them: whatever the DNS does, a second is all it gets.
      environment: { RES_OPTIONS: "timeout:1 attempts:1" },
      pidFile: join(folder, "tlshd.pid"),
      isReady,
      prepare: async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFileAtomic(config, configuration(folder), 0o600);
      },
      purpose: "which makes NFS connections TLS",
      advice: "it needs a kernel with handshakes (6.5 or later) and the capability NET_ADMIN",
      told,
    });
    this.#folder = folder;
  }

  /** From the next connection on it proves itself with this. */
  async prove({ certificate, key, authority }: TlsIdentity): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // It complains of other modes.
    const files = [
      ["certificate.pem", certificate, 0o644],
      ["key.pem", key, 0o600],
      ["authority.pem", authority, 0o644],
    ] as const;
    for (const [name, text, mode] of files) {
      const path = join(this.#folder, name);
      const before = await readFile(path, "utf8").catch(() => null);
      if (before !== text) await writeFileAtomic(path, text, mode);
    }
  }
}

/** tlshd.conf(5): the same for both ends, of which a machine is one. */
export function configuration(folder: string): string {
  const own = [
    `x509.truststore=${join(folder, "authority.pem")}`,
    `x509.certificate=${join(folder, "certificate.pem")}`,
    `x509.private_key=${join(folder, "key.pem")}`,
  ];
  const debug = ["[debug]", "loglevel=0", "tls=0", "nl=0"];
  return [...debug, "[authenticate.client]", ...own, "[authenticate.server]", ...own, ""].join(
    "\n",
  );
}

/** It is ready once it can hear the kernel; where the kernel has nothing to say of handshakes it ends at once. */
async function listensToKernel(pid: number): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    names.map((name) => readlink(join(folder, name)).catch(() => "")),
  );
  const listening = netlinkSockets(await readFile("/proc/net/netlink", "utf8"));
  return targets.some((target) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
    return inode !== undefined && listening.has(inode);
  });
}

const generic = 16;

/** Sockets of generic netlink in a text of /proc/net/netlink, by inode. */
export function netlinkSockets(text: string): ReadonlySet<string> {
  const rows = text.split("\n").map((line) => line.trim().split(/\s+/));
  return new Set(
    rows.filter(([, protocol]) => Number(protocol) === generic).map((row) => row.at(-1) ?? ""),
  );
}
