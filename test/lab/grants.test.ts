// A thousand apps for each of three nodes, granted, taken up by a server that starts again, given back: with a DNS and with
// one that is dead. How long it takes is told; what it must be is that each node has what it may have and nothing else.
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import { nodeThere } from "../../lab/program.ts";
import { startServer } from "../../lab/server.ts";
import { BareNode } from "./bare-node.ts";
import { labCluster } from "./cluster.ts";
import { excluded, type CrowdErrand, type CrowdReport } from "./crowd/errand.ts";
import { eventually, say } from "./eventually.ts";
import { LoopDisk } from "./loop-disk.ts";
import { isBusy } from "./patiently.ts";
import { runThere } from "./program.ts";
import { StorageNode } from "./storage-node.ts";

const on = labCluster();

/** LAB_APPS=100 for a first look: a thousand take most of an hour where machines are emulated. */
const volumes = Number(process.env["LAB_APPS"] || 1000);
/** Milliseconds for what all nodes do. */
const patience = 3_600_000;
const addresses = ["10.77.0.81", "10.77.0.82", "10.77.0.83"];

test("a thousand apps are granted to three nodes, taken up and given back, also with a dead DNS", async (t) => {
  t.timeout(5_400_000);
  const storage = new StorageNode(on.lab);
  // What a thousand volumes leave behind goes with their disk.
  const disk = await LoopDisk.make(on, storage.machine, "grants");
  on.afterwards(() => storage.restore());
  await storage.start({ SWARMNFS_DISK: disk.place });
  const crowd = await joined(t, storage);
  t.deepEqual((await crowd("create")).refused, [[], [], []]);

  for (const dns of ["", ", the DNS dead"]) {
    if (dns !== "")
      for (const machine of [storage.machine, on.node(1)]) await on.fault(machine, "dns-dead");
    t.deepEqual((await crowd("attach", dns)).refused, refusedWith("denied"));
    t.deepEqual((await crowd("look", dns)).refused, refusedWith("NFS4ERR_NOENT"));

    const began = performance.now();
    await storage.machine.must(
      "cd /root && docker compose -f nfs-server.compose.yml restart --timeout 60",
      { timeout: 300_000 },
    );
    await startServer(on.lab, say);
    // Where machines are emulated it is busy with its first looks at everything, and says so to those who ask meanwhile.
    const { leases } = await eventually(
      () => storage.ask("leases", {}, undefined).catch(() => null),
      "the server that was restarted tells its leases",
      600_000,
    );
    t.is(leases.length, addresses.length * (volumes - volumes / 10));
    const seconds = (performance.now() - began) / 1000;
    t.log(`${seconds.toFixed(1)} s  the server is restarted with ${leases.length} leases${dns}`);
    t.deepEqual((await crowd("look", dns)).refused, refusedWith("NFS4ERR_NOENT"));

    t.deepEqual((await crowd("detach", dns)).refused, [[], [], []]);
    t.deepEqual((await storage.ask("leases", {}, undefined)).leases, []);
    const nothing = (await crowd("look", dns)).refused;
    for (const refused of nothing) t.is(refused.length, volumes);
  }
});

/** Three nodes; what they do, and how long all of it took. */
async function joined(
  t: ExecutionContext,
  storage: StorageNode,
): Promise<(deed: CrowdErrand["deed"], when?: string) => Promise<CrowdReport>> {
  const machine = on.node(1);
  const nodes: BareNode[] = [];
  for (const [index, address] of addresses.entries()) {
    await machine.must(`ip address add ${address}/24 dev eth0`);
    on.afterwards(() => machine.run(`ip address del ${address}/24 dev eth0`));
    const node = new BareNode(`crowd${index + 1}`, machine, address, storage);
    const asked = { node: node.name, cidr: null, validMs: 3_600_000, replace: false };
    const { token } = await storage.ask("token", {}, asked);
    t.is(await node.join(token), null);
    nodes.push(node);
  }
  return async (deed, when = "") => {
    const errand: CrowdErrand = {
      server: storage.machine.plan.address,
      nodes: nodes.map(({ id, name, address, identity }) => ({
        id,
        name,
        from: address,
        identity,
      })),
      deed,
      prefix: "crowd",
      count: volumes,
      atOnce: 4,
      isPatient: isBusy,
    };
    const report = (await runThere(
      machine,
      "crowd/main",
      errand,
      nodeThere,
      patience,
    )) as CrowdReport;
    const { seconds, median, p99, again } = report;
    const times = `each ${median.toFixed(0)} ms, 99 of 100 within ${p99.toFixed(0)} ms; ${again} asked for again`;
    t.log(
      `${seconds.toFixed(1)} s  ${deed} ${volumes} volumes, ${nodes.length} nodes at once${when}: ${times}`,
    );
    return report;
  };
}

/** What each node may not have. */
function refusedWith(code: string): [number, string][][] {
  const all = Array.from({ length: volumes }, (_, volume) => volume);
  return addresses.map((_, node) =>
    all
      .filter((volume) => excluded(volume, addresses.length) === node)
      .map((volume): [number, string] => [volume, code]),
  );
}
