import { canonicalAddress } from "../exports/answers.ts";

/** Somebody listens on TCP there; `0.0.0.0` and `::` are all addresses. */
export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** The state of a socket that listens, in /proc/net/tcp. */
const listening = "0A";

/**
 * Understands `/proc/net/tcp` and `/proc/net/tcp6`, of a little-endian machine. Sockets of the kernel are there as well,
 * while `/proc/fs/nfsd/portlist` does not say on which address its NFS server listens.
 */
export function parseListeners(text: string): Listener[] {
  return text.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [hex = "", port = ""] = local.split(":");
    const address = addressOfHex(hex);
    if (state !== listening || address === null) return [];
    return [{ address, port: Number.parseInt(port, 16) }];
  });
}

/** Numbers of four bytes, each in the machine's own order. */
function addressOfHex(hex: string): string | null {
  if (!/^([0-9A-F]{8}){1,4}$/.test(hex)) return null;
  const bytes = Buffer.from(hex, "hex").swap32();
  if (bytes.length === 4) return canonicalAddress([...bytes].join("."));
  const groups = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(2 * n).toString(16));
  return canonicalAddress(groups.join(":"));
}
