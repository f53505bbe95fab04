// All plugs are pulled at once.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { countsOn, startCounter } from "./counter.ts";
import { eventually, say } from "./eventually.ts";
import { countUntilPowerIsCut } from "./power-cut.ts";
import { linesOf } from "./writer.ts";

const on = labCluster();

test("everything loses power at once, and everything comes back without a hand", async (t) => {
  const name = on.name("blackout");
  const script = "while :; do date +%s >/d/$(hostname); usleep 500000; done";
  await on.service(name, script, "--replicas 2 --replicas-max-per-node 1");
  await on.running(name, 2);
  const lonely = on.node(2);
  await startCounter(on, lonely, `${name}-1`, name, "--restart always");
  const container = await on.container(on.node(1), `${name}-2`, name, "exec sleep 3600");
  await countsOn(on, lonely, `${name}-1`);
  const acknowledged = await countUntilPowerIsCut(on.node(1), container, "/d/lines", () =>
    Promise.all(on.lab.machines.map((machine) => on.fault(machine, "power-off"))),
  );
  say(`${acknowledged} lines were acknowledged`);

  // One after the other, as emulated machines that boot side by side are too slow for Docker's patience with plugins; a
  // node before the NAS, so that it finds no storage at its boot.
  for (const machine of [lonely, on.nas, ...on.nodes]) await on.mend(machine);
  await on.whole();
  await on.running(name, 2, 600_000);
  await eventually(
    async () => (await on.docker(lonely, `ps --quiet --filter name=${name}-1`)) !== "",
    "the container that restarts always runs",
    300_000,
  );
  await countsOn(on, lonely, `${name}-1`);
  const text = await on.says(on.node(1), `${name}-reader`, name, "cat lines");
  t.true(linesOf(text) >= acknowledged);
});
