// Run on the storage machine, in a mount name space of its own, where nobody else answers the kernel: what grants and
// revocations cost with so many exports. Takes the counts as JSON, prints what was measured as JSON.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { v7 as uuid } from "uuid";
import { ProcChannel } from "../../nfs-server/exports/channel.ts";
import { KernelExports } from "../../nfs-server/exports/kernel-exports.ts";
import { PseudoRoot } from "../../nfs-server/exports/pseudo-root.ts";
import { ProcNfsClients } from "../../nfs-server/kernel/proc-nfs-clients.ts";
import { keyOf, type LeaseRecord } from "../../nfs-server/leases/lease-file.ts";
import { Leases } from "../../nfs-server/leases/leases.ts";
import type { LiveNode } from "../../nfs-server/nodes/live-node.ts";
import { systemClock } from "../../service/clock.ts";
import { createLog } from "../../service/log.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { Asked, Cost, Measured } from "./grants-errand.ts";

const { disk, shown, counts, rounds } = JSON.parse(process.argv[2] ?? "") as Asked;
const folder = join(disk, "leases-of-bench");
const log = createLog("bench", { level: "silent", format: "json" });
const monotonic = (): number => performance.now();
/** So many nodes share the exports. */
const nodes = Array.from({ length: 20 }, (_, index) => nodeOf(index));
const newcomer = nodeOf(nodes.length);

/** Of its own, so that what it and its children spend is counted apart. */
const group = "/sys/fs/cgroup/bench-grants";
await mkdir(group, { recursive: true });
await writeFile(join(group, "cgroup.procs"), `${process.pid}`);

const measured: Measured[] = [];
for (const count of counts) measured.push(await measure(count));
process.stdout.write(`${JSON.stringify(measured)}\n`);
process.exit();

async function measure(count: number): Promise<Measured> {
  await volumes(count);
  await leaseFiles(count);
  const root = new PseudoRoot(shown, disk);
  await root.open();
  const exports = new KernelExports({
    tables: {
      "auth.unix.ip": new ProcChannel("auth.unix.ip"),
      "nfsd.fh": new ProcChannel("nfsd.fh"),
      "nfsd.export": new ProcChannel("nfsd.export"),
    },
    showcase: root,
    clock: systemClock,
    mutualTls: false,
    audit: () => {},
    trouble: (error) => process.stderr.write(`${String(error)}\n`),
  });
  const clients = new ProcNfsClients();
  const leases = new Leases({ folder, exports, clients, clock: systemClock, monotonic, log });
  const began = performance.now();
  await leases.open((name) => recordOf(Number(name.slice("volume-".length))));
  await exports.begin();
  const takeUp = performance.now() - began;
  const [first, again, revoke] = [noCost(), noCost(), noCost()];
  const attach = (name: string): Promise<unknown> =>
    leases.attach(newcomer, {
      volume: name,
      consumers: [],
      look: async () => recordOf(Number(name.slice("volume-".length))),
      prepare: async () => {},
    });
  for (let round = 0; round < rounds; round += 1) {
    // The last ones are nobody's yet, and so not shown.
    const name = volumeOf(count + round);
    await costs(first, () => attach(name));
    await costs(revoke, () => leases.detach(newcomer, name));
    await costs(again, () => attach(name));
    await costs(revoke, () => leases.detach(newcomer, name));
    await root.hide(name);
  }
  exports.end();
  return { count, takeUp, first, again, revoke };
}

/** Directories of volumes that everybody has, and of some more. */
async function volumes(count: number): Promise<void> {
  for (let volume = 0; volume < count + rounds; volume += 1)
    await mkdir(join(disk, "apps", volumeOf(volume), volumeOf(volume)), { recursive: true });
}

/** As a run before this one left them. */
async function leaseFiles(count: number): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "leases"), { recursive: true });
  for (let volume = 0; volume < count; volume += 1) {
    const { id, name, app, fsid } = recordOf(volume);
    const node = nodes[volume % nodes.length] ?? newcomer;
    const lease: LeaseRecord = {
      schema: 1,
      id: uuid(),
      volume: name,
      volumeId: id,
      app,
      nodeId: node.id,
      node: node.name,
      address: node.address,
      exclusive: false,
      readOnly: false,
      isReader: false,
      fsid,
      squash: null,
      grantedAt: "2026-01-01T00:00:00Z",
    };
    await writeFile(join(folder, "leases", `${keyOf(name, node.id)}.json`), JSON.stringify(lease));
  }
}

function nodeOf(index: number): LiveNode {
  const id = `018f0000-0000-7000-8000-${index.toString().padStart(12, "0")}`;
  return { id, name: `node${index}`, role: "node", address: `10.78.0.${index + 1}` };
}

function volumeOf(index: number): string {
  return `volume-${index}`;
}

function recordOf(index: number): VolumeRecord {
  const name = volumeOf(index);
  return {
    schema: 1,
    revision: 1,
    id: `018f0000-0000-7000-9000-${index.toString().padStart(12, "0")}`,
    name,
    app: name,
    options: {},
    services: null,
    hosts: null,
    access: "shared",
    owner: { uid: 0, gid: 0, mode: 0o755 },
    squash: null,
    size: null,
    onRemove: "archive",
    backup: "default",
    mirror: null,
    mountOptions: [],
    root: false,
    fsid: index + 1,
    fill: null,
    state: "ready",
    createdAt: "2026-01-01T00:00:00Z",
    createdBy: "bench",
  };
}

function noCost(): Cost {
  return { wall: [], processor: [] };
}

async function costs(cost: Cost, work: () => Promise<unknown>): Promise<void> {
  const [began, spent] = [performance.now(), await processorTime()];
  await work();
  cost.wall.push(performance.now() - began);
  cost.processor.push((await processorTime()) - spent);
}

/** Milliseconds that this process and its children have spent. */
async function processorTime(): Promise<number> {
  const [, microseconds] =
    /usage_usec (\d+)/.exec(await readFile(join(group, "cpu.stat"), "utf8")) ?? [];
  return Number(microseconds) / 1000;
}
