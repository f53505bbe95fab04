import path from "node:path";
import type { Machine } from "../../lab/machine.ts";
import type { Errand } from "./raw-nfs/errand.ts";
import type { Planted } from "./victim.ts";

/** Names by which people would look for it: the parent, the data directory, and where it is on the server's disk. */
export function pathsTo({ victim, directory }: Planted): string[][] {
  const there = directory.replace(/^.*(?=\/apps\/)/, "/nfs_volumes");
  const places = ["", "/exports", "/nfs_volumes", there, path.dirname(there)];
  return [...places.map(names), ["exports", ...victim.path], [".swarmnfs"]];
}

/** The names on the way to a place. */
export function names(place: string): string[] {
  return place.split("/").filter((name) => name !== "");
}

/** To the NFS server on a machine, from an address of the machine that calls. */
export function wayTo({ plan }: Machine, from?: string): Errand["way"] {
  return {
    server: plan.address,
    port: 2049,
    patience: 60_000,
    ...(from !== undefined && { from }),
  };
}

/** A container that has nothing of the node's but programs to read. */
export function inContainer(flags: string): string {
  const shared = ["/usr", "/lib", "/lib64", "/run/lab/programs"];
  const volumes = shared.map((each) => `--volume ${each}:${each}:ro`).join(" ");
  const node = "$(ls /var/lib/docker/plugins/*/rootfs/usr/local/bin/node | head -n 1)";
  return `docker run --rm ${flags} ${volumes} --volume ${node}:/node:ro busybox /node`;
}

/** As the kernel writes an export's number. */
export function hexOf(number: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes.toString("hex");
}
