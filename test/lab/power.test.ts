// Plugs are pulled: of a node while it writes, and of everything at once.
import test from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { countsOn, startCounter } from "./counter.ts";
import { eventually, say } from "./eventually.ts";

const on = labCluster();

/** Counts in lines of the file, each on the disk of the server before it is said aloud. */
const acknowledgedLines = (file: string): string =>
  `n=0; while n=$((n+1)); do echo $n | dd of=${file} oflag=append conv=notrunc,fsync 2>/dev/null || exit 1; echo $n; done`;

/** Runs the counting in the container until the machine's plug is pulled, after `lines` at least; returns the last one said. */
async function countUntilPowerIsCut(
  machine: Machine,
  container: string,
  file: string,
  cut: () => Promise<unknown>,
): Promise<number> {
  const counting = machine.run(`docker exec ${container} sh -c '${acknowledgedLines(file)}'`, {
    timeout: 600_000,
  });
  await eventually(async () => {
    const { stdout } = await machine.run(`docker exec ${container} tail -n 1 ${file}`);
    return Number(stdout) > 20;
  }, "twenty lines are written");
  await cut();
  const { stdout } = await counting;
  return Number(stdout.trim().split("\n").at(-1));
}

/** The lines of a file that was counted in, which must be 1, 2, 3 …; how many they are. */
function countOf(text: string): number {
  const lines = text.split("\n");
  const wrong = lines.findIndex((line, index) => line !== `${index + 1}`);
  if (wrong !== -1) throw new Error(`line ${wrong + 1} is "${lines[wrong]}"`);
  return lines.length;
}

test("a node loses power while it writes: nothing acknowledged is lost, and the service goes on elsewhere", async (t) => {
  const name = on.name("cut");
  // The service must not be on the node that is needed to look at it, and may go there afterwards.
  const leaderIs = (availability: string): Promise<string> =>
    on.docker(on.leader, `node update --availability ${availability} ${on.leader.name}`);
  on.afterwards(() => leaderIs("active"));
  await leaderIs("pause");
  await on.service(name, "hostname >>/d/places; exec sleep 3600");
  const [first = ""] = await on.running(name, 1);
  await leaderIs("active");
  const victim = on.lab.machine(first);
  const container = await on.docker(
    victim,
    `ps --quiet --filter label=com.docker.swarm.service.name=${name}`,
  );
  const acknowledged = await countUntilPowerIsCut(victim, container, "/d/lines", () =>
    on.fault(victim, "power-off"),
  );
  say(`${acknowledged} lines were acknowledged`);

  const second = await eventually(
    async () => {
      const tasks = await on.docker(
        on.leader,
        "service ps --filter desired-state=running --format",
        "{{.Node}} {{.CurrentState}}",
        name,
      );
      const [node = "", state] = tasks.split("\n")[0]?.split(" ") ?? [];
      return state === "Running" && node !== first && node;
    },
    "the service runs on another node",
    300_000,
  );
  const text = await on.says(on.lab.machine(second), `${name}-reader`, name, "cat lines");
  t.true(countOf(text) >= acknowledged);
  t.is(
    await on.says(on.lab.machine(second), `${name}-reader`, name, "cat places"),
    `${first}\n${second}`,
  );

  await on.mend(victim);
  await on.whole();
  t.is(await on.says(victim, `${name}-reader`, name, "wc -l <places"), "2");
});

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
  t.true(countOf(text) >= acknowledged);
});
