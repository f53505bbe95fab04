import type { Machine } from "../../lab/machine.ts";
import { nodeThere, runProgram } from "../../lab/program.ts";
import { startServer } from "../../lab/server.ts";
import { progress } from "../progress.ts";
import { atMost, below, type Row } from "../row.ts";
import { median, quantile } from "../sample.ts";
import type { BenchLab } from "./bench-lab.ts";
import type { Asked, Measured } from "./grants-errand.ts";

const counts = [10, 1000, 5000, 20_000];
/** exportfs takes minutes with more. */
const mostForExportfs = 5000;
const times = { ours: 15, exportfs: 3 };
const patience = 3_600_000;
/** The storage node's own time for one, milliseconds, and how much more it may be with many exports than with few. */
const goals = { ms: 10, growth: 1.5 };
/** A disk of its own, so that nothing of it stays. */
const disk = "/srv/bench-grants";
const compose = "cd /root && docker compose -f nfs-server.compose.yml";
/** `exportfs` grants to somebody who is in /etc/hosts: looking up others is not what is compared. */
const client = "10.78.0.1";

interface Exported {
  readonly add: number[];
  readonly remove: number[];
}

/** What it costs the storage node to grant a volume and to take it away, beside exportfs, with few exports and with many. */
export async function measureGrants({ lab, isEmulated }: BenchLab): Promise<Row[]> {
  const { storage } = lab;
  progress("grants: our server is stopped, and another disk mounted");
  await storage.must(`${compose} down --timeout 60`, { timeout: patience });
  try {
    await storage.must(
      `set -e; modprobe loop; mkdir -p ${disk}; truncate -s 3G /var/lib/docker/bench.img; mkfs.xfs -q /var/lib/docker/bench.img
      mount -o loop,prjquota /var/lib/docker/bench.img ${disk}
      mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd`,
      { timeout: patience },
    );
    const ours = await ourTimes(storage);
    const exported = new Map<number, Exported>();
    for (const count of counts.filter((each) => each <= mostForExportfs)) {
      progress(`grants: exportfs with ${count} exports`);
      exported.set(count, await exportfsTimes(storage, count));
    }
    return rowsOf(ours, exported, isEmulated);
  } finally {
    await storage.run(
      `rm -f /etc/exports.d/bench.exports; exportfs -ua; exportfs -f; umount /proc/fs/nfsd
      umount ${disk} || umount --lazy ${disk}; rm -f /var/lib/docker/bench.img; rmdir ${disk}`,
      { timeout: patience },
    );
    await startServer(lab, progress);
  }
}

async function ourTimes(storage: Machine): Promise<Measured[]> {
  const asked: Asked = { disk, shown: "/run/bench-exports", counts, rounds: times.ours };
  progress(`grants: ours with ${counts.join(", ")} exports`);
  const inside = `unshare --mount ${nodeThere}`;
  const file = "bench/lab/grants-there.ts";
  return (await runProgram(storage, file, asked, inside, patience)) as Measured[];
}

async function exportfsTimes(storage: Machine, count: number): Promise<Exported> {
  await storage.must(
    `mkdir -p /etc/exports.d /var/lib/nfs
    grep -q '^${client} ' /etc/hosts || echo '${client} bench-client' >>/etc/hosts
    seq ${count} | sed 's,.*,${disk}/apps/volume-&/volume-& ${client}(rw\\,no_root_squash\\,subtree_check\\,fsid=&),' >/etc/exports.d/bench.exports
    exportfs -ra`,
    { timeout: patience },
  );
  const found: Exported = { add: [], remove: [] };
  for (let round = 0; round < times.exportfs; round += 1) {
    const place = `${client}:${disk}/apps/volume-0/volume-0`;
    const options = "rw,no_root_squash,subtree_check,fsid=30000";
    found.add.push(await lasted(storage, `exportfs -o ${options} ${place}`));
    found.remove.push(await lasted(storage, `exportfs -u ${place}`));
  }
  return found;
}

/** Milliseconds by the clock of the machine. */
async function lasted(machine: Machine, command: string): Promise<number> {
  const clock = "$(date +%s%N)";
  const said = await machine.must(`a=${clock}; ${command} && echo $(( (${clock} - a) / 1000 ))`, {
    timeout: patience,
  });
  return Number(said) / 1000;
}

function rowsOf(
  ours: readonly Measured[],
  exported: ReadonlyMap<number, Exported>,
  isEmulated: boolean,
): Row[] {
  const deeds = [
    ["a volume that nobody had is granted", "first", "add"],
    ["a volume that somebody had is granted", "again", "add"],
    ["a grant is taken away", "revoke", "remove"],
  ] as const;
  const [few] = ours;
  const rows = deeds.flatMap(([what, deed, theirs]) =>
    ours.flatMap((one): Row[] => {
      const whole = `${what}, with ${one.count.toLocaleString("en")} exports`;
      const { wall, processor } = one[deed];
      const others = exported.get(one.count)?.[theirs];
      const other = others === undefined ? null : { name: "exportfs", median: median(others) };
      const growth = median(processor) / median(few?.[deed].processor ?? []);
      return [
        {
          what: whole,
          unit: "ms",
          swarmnfs: { median: median(wall), p99: quantile(wall, 0.99) },
          other,
          ratio: other === null ? null : median(wall) / other.median,
          // What a real machine takes is some twenty times less.
          goals: isEmulated ? [] : [below("", median(wall), goals.ms, " ms")],
        },
        {
          what: `${whole}: of the processor`,
          unit: "ms",
          swarmnfs: { median: median(processor), p99: quantile(processor, 0.99) },
          other: null,
          ratio: null,
          goals: one === few ? [] : [atMost("growth", growth, goals.growth)],
        },
      ];
    }),
  );
  const takeUp = ours.map(({ count, takeUp: ms }): Row => ({
    what: `a server that starts takes up ${count.toLocaleString("en")} leases`,
    unit: "s",
    swarmnfs: { median: ms / 1000 },
    other: null,
    ratio: null,
    goals: [],
  }));
  return [...rows, ...takeUp];
}
