import { spawn, type ChildProcess } from "node:child_process";
import { readlink } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";
import { until } from "../until.ts";

/** The storage's addresses in the box. */
export const storageAddresses = ["10.77.0.5", "fd77::5"] as const;

/**
 * A node between a container and a storage, as network name spaces joined by veth pairs: what the container sends the
 * node forwards, and what the node sends itself it does not. It never touches the machine, and goes with its process.
 */
export class NetworkBox {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async open(): Promise<NetworkBox> {
    const holder = spawn("unshare", [...asRoot, "--net", "--mount", "cat"], {
      // It ends with whoever holds the other side of its pipe.
      stdio: ["pipe", "ignore", "ignore"],
    });
    const ours = await readlink("/proc/self/ns/net");
    await until("the namespace is there", async () => {
      const theirs = await readlink(`/proc/${holder.pid}/ns/net`).catch(() => ours);
      return theirs !== ours;
    });
    const box = new NetworkBox(holder);
    await box.node("sh", "-euc", cables);
    return box;
  }

  /** Runs a program on the node, and answers what it wrote. */
  async node(file: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await execa("nsenter", [...this.#enter(), file, ...args]);
    return stdout;
  }

  /** What a peer says when it asks an address of the storage, from the node or from the container. */
  async ask(from: "node" | "container", ...question: readonly string[]): Promise<string> {
    const place = from === "node" ? [] : ["ip", "netns", "exec", "container"];
    const [file = "", ...args] = [...place, process.execPath, peer, ...question];
    return this.node(file, ...args);
  }

  /** The storage answers on 2049, by TCP and UDP, and on 2050 by TCP, until the box is closed. */
  async serve(): Promise<void> {
    const args = ["ip", "netns", "exec", "storage", process.execPath, peer, "serve"];
    const server = spawn("nsenter", [...this.#enter(), ...args], {
      stdio: [this.#holder.stdin ?? "ignore", "ignore", "inherit"],
    });
    this.#servers.push(server);
    await until("the storage answers", async () => {
      const answers = await this.ask("node", "udp", storageAddresses[1], "2049");
      return answers === "open";
    });
  }

  close(): void {
    for (const server of this.#servers) server.kill("SIGKILL");
    this.#holder.kill("SIGKILL");
  }

  readonly #servers: ChildProcess[] = [];

  #enter(): string[] {
    const user = asRoot.length === 0 ? [] : ["--user", "--preserve-credentials"];
    return ["--target", String(this.#holder.pid), ...user, "--net", "--mount", "--"];
  }
}

const peer = join(import.meta.dirname, "peer.ts");

/** Whoever is not root becomes root in a user namespace, where networks of one's own are allowed too. */
const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];

const cables = `
mount -t tmpfs none /run
ip link set lo up
join() {
  ip netns add "$1"
  ip link add "$1" type veth peer name eth0 netns "$1"
  ip addr add "$2.1/24" dev "$1"
  ip addr add "$3::1/64" dev "$1" nodad
  ip link set "$1" up
  ip -n "$1" addr add "$2.5/24" dev eth0
  ip -n "$1" addr add "$3::5/64" dev eth0 nodad
  ip -n "$1" link set eth0 up
  ip -n "$1" route add default via "$2.1"
  ip -n "$1" route add default via "$3::1"
}
join container 10.76.0 fd76
join storage 10.77.0 fd77
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
`;
