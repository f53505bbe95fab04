import { readFile } from "node:fs/promises";
import path from "node:path";
import { eventually } from "../lab/eventually.ts";
import type { Patience } from "./space-node.ts";

/** A machine of GlusterFS: of the lab, or of name spaces. */
export interface GlusterNode {
  /** By which the others know it. */
  readonly address: string;
  must(script: string, options?: Patience): Promise<string>;
}

const volume = "swarm";
const brick = "/data/brick/swarm";
const makeVolume = path.join(import.meta.dirname, "../../deploy/gluster/make-volume.sh");
const mountUnit = path.join(import.meta.dirname, "../../deploy/gluster/srv-swarm.mount");

/** A GlusterFS of three machines, made as docs/scale.md has it, by the files of deploy/gluster. */
export class Gluster {
  readonly #nodes: readonly GlusterNode[];
  readonly #options: string;

  private constructor(nodes: readonly GlusterNode[], options: string) {
    this.#nodes = nodes;
    this.#options = options;
  }

  static async make(nodes: readonly GlusterNode[], timeout = 120_000): Promise<Gluster> {
    const unit = await readFile(mountUnit, "utf8");
    const options = /^Options=_netdev,(.*),backup-volfile-servers=/m.exec(unit)?.[1];
    if (options === undefined) throw new Error(`${mountUnit} names no options`);
    const gluster = new Gluster(nodes, options);
    for (const node of nodes) {
      await gluster.start(node);
      await node.must("mkdir -p /data/brick");
    }
    const script = await readFile(makeVolume, "utf8");
    const addresses = nodes.map(({ address }) => address).join(" ");
    await gluster.#first.must(
      `cat >/tmp/make-volume.sh <<'SCRIPT'\n${script}SCRIPT\nFORCE=1 sh /tmp/make-volume.sh ${volume} ${brick} ${addresses}`,
      { timeout },
    );
    return gluster;
  }

  get #first(): GlusterNode {
    const [first] = this.#nodes;
    if (first === undefined) throw new Error("a GlusterFS has machines");
    return first;
  }

  /** What runs on a machine after it has booted; the bricks that it knows of are started by it. */
  async start(node: GlusterNode): Promise<void> {
    await node.must(
      "modprobe fuse 2>/dev/null; pgrep -x glusterd >/dev/null || glusterd >/dev/null 2>&1",
      {
        timeout: 300_000,
      },
    );
  }

  /** Mounts it with the options of the unit. */
  async mount(node: GlusterNode, place: string, timeout = 60_000): Promise<void> {
    await node.must(
      `mkdir -p ${place} && mount -t glusterfs -o ${this.#options} localhost:/${volume} ${place}`,
      { timeout },
    );
  }

  /** Ends the client of a mount, as the kernel would for want of memory; the mount stays, dead. */
  async killClient(node: GlusterNode, place: string): Promise<void> {
    await node.must(`pkill -9 -f 'glusterfs.* ${place}$'`);
  }

  /** Waits until all three are there, and have the same. */
  async isWhole(deadline: number): Promise<void> {
    await eventually(
      async () => {
        const info = await this.#heal("info");
        const count = (pattern: RegExp): number => [...info.matchAll(pattern)].length;
        return count(/^Status: Connected$/gm) === 3 && count(/^Number of entries: 0$/gm) === 3;
      },
      "GlusterFS has healed",
      deadline,
    );
  }

  /** How many files have different contents of which none is known to be the newer one. */
  async splitBrains(): Promise<number> {
    const info = await this.#heal("info split-brain");
    const counts = [...info.matchAll(/^Number of entries in split-brain: (\d+)$/gm)];
    if (counts.length !== 3) throw new Error(info);
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** What a machine has on its own disk of a file. */
  async onBrick(node: GlusterNode, file: string): Promise<string> {
    return node.must(`cat ${brick}/${file}`, { timeout: 60_000 });
  }

  #heal(what: string): Promise<string> {
    return this.#first.must(`gluster volume heal ${volume} ${what} || true`, { timeout: 120_000 });
  }
}

/** Counts in lines of a file; says each number only when its line is on the disks. Ends with the first line that fails. */
export function counting(file: string, said: string): string {
  const write = `dd of=${file} oflag=append conv=notrunc,fsync 2>/dev/null`;
  return `n=0; while n=$((n+1)); do echo $n | ${write} || exit 1; echo $n >>${said}; done`;
}
