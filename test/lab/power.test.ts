// The plug of a node is pulled while it writes.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { eventually, say } from "./eventually.ts";
import { countUntilPowerIsCut } from "./power-cut.ts";
import { linesOf } from "./writer.ts";

const on = labCluster();

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
  t.true(linesOf(text) >= acknowledged);
  t.is(
    await on.says(on.lab.machine(second), `${name}-reader`, name, "cat places"),
    `${first}\n${second}`,
  );

  await on.mend(victim);
  await on.whole();
  t.is(await on.says(victim, `${name}-reader`, name, "wc -l <places"), "2");
});
