import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { cached, keyOf } from "./cache.ts";
import { run } from "./command.ts";

const suite = "trixie";
const packages = [
  "linux-image-amd64",
  "apache2-bin",
  "docker.io",
  "docker-cli",
  "docker-compose",
  "docker-registry",
  "nfs-kernel-server",
  "nfs-common",
  "openssh-server",
  "btrfs-progs",
  "busybox-static",
  "cryptsetup-bin",
  "dnsmasq-base",
  "e2fsprogs",
  "fio",
  "glusterfs-server",
  "iproute2",
  "iptables",
  "nftables",
  "nginx",
  "procps",
  "quota",
  "xfsprogs",
];

/** What every lab machine boots: a Debian with its kernel. None of it may be written to. */
export interface System {
  /** The tree as a directory. */
  readonly tree: string;
  /** The same as the image of an ext4 file system. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** The system, from the cache or made anew (two minutes, 3 GB of room; needs root and a Debian mirror). */
export async function provideSystem(tell: (line: string) => void): Promise<System> {
  const script = path.join(import.meta.dirname, "tree.sh");
  const key = keyOf(suite, packages.join(" "), await readFile(script));
  const folder = await cached("lab-system", key, async (making) => {
    tell("making the machines' system from Debian's packages (once; about a minute)");
    const tree = path.join(making, "tree");
    const mirror = process.env["DEBIAN_MIRROR"] || "http://deb.debian.org/debian";
    await run("sh", [script, tree, suite, mirror, ...packages]);
    await run("mkfs.ext4", ["-q", "-d", tree, path.join(making, "disk.img"), "1536M"]);
  });
  const tree = path.join(folder, "tree");
  const boot = await readdir(path.join(tree, "boot"));
  return {
    tree,
    disk: path.join(folder, "disk.img"),
    kernel: path.join(tree, "boot", only(boot, "vmlinuz-")),
    initrd: path.join(tree, "boot", only(boot, "initrd.img-")),
  };
}

function only(names: readonly string[], start: string): string {
  const name = names.find((each) => each.startsWith(start));
  if (name === undefined) throw new Error(`The lab's system has no ${start}*`);
  return name;
}
