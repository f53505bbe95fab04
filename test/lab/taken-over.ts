import type { ExecutionContext } from "ava";
import type { Cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { exclusive, refusedOn, secondsSince } from "./exclusive-scene.ts";
import { serviceCanLock } from "./flock.ts";
import { saidBy, soleHolder, tracesOf } from "./sole-holder.ts";
import { StorageNode } from "./storage-node.ts";
import { linesOf } from "./writer.ts";

/** The swarm moves a writer away from node 2, which has the fault and comes back. */
export async function takenOver(
  t: ExecutionContext,
  on: Cluster,
  fault: "cut" | "freeze",
): Promise<void> {
  t.timeout(1_800_000);
  const [former, next, storage] = [on.node(2), on.node(3), new StorageNode(on.lab)];
  const name = on.name(fault);
  const nextIs = (availability: string): Promise<string> =>
    on.docker(on.leader, `node update --availability ${availability} ${next.name}`);
  on.afterwards(() => nextIs("active"));
  await nextIs("pause");
  // Busy machines send their signs of life late; the volume takes a minute to go over anyway.
  const signsOfLife = (every: string): Promise<string> =>
    on.docker(on.leader, `swarm update --dispatcher-heartbeat ${every}`);
  on.afterwards(() => signsOfLife("5s"));
  await signsOfLife("15s");
  const flags = `--constraint node.hostname!=${on.leader.name} ${serviceCanLock}`;
  await on.service(name, soleHolder, flags, [exclusive]);
  t.deepEqual(await on.running(name, 1), [former.name]);
  await nextIs("active");
  const since = await storage.now();
  const directory = await storage.directoryOf(name);
  const ours = `ps --quiet --filter label=com.docker.swarm.service.name=${name}`;
  const container = await on.docker(former, ours);
  // What the kernel has not sent by itself when the fault comes, it wants to send when that is over.
  const sends = (centiseconds: number): Promise<string> =>
    former.must(`echo ${centiseconds} >/proc/sys/vm/dirty_writeback_centisecs`);
  on.afterwards(() => sends(500));
  await sends(0);
  await eventually(
    async () => (await saidBy(on, former, container)).unsynced > 20,
    "the holder has lines that were not sent",
  );
  let said = await saidBy(on, former, container);
  await on.fault(former, fault);
  const began = performance.now();

  let started: number | undefined;
  await eventually(
    async () => {
      const tasks = await on.docker(
        on.leader,
        "service ps --format",
        "{{.Node}} {{.CurrentState}}",
        name,
      );
      const there = tasks.split("\n").filter((each) => each.startsWith(next.name));
      if (there.length > 0) started ??= performance.now();
      return there.some((each) => each.startsWith(`${next.name} Running`));
    },
    "the service runs on another node",
    600_000,
  );
  t.log(`${fault}: ${secondsSince(began)} s after it a task runs on ${next.name}`);
  t.log(
    `${fault}: ${secondsSince(started ?? began)} s from its first start there to a mounted volume`,
  );
  await eventually(async () => {
    const { lines } = await tracesOf(storage, directory, next.name);
    return lines.split("\n").length > 10;
  }, "the next holder writes");
  if (fault === "cut") said = await saidBy(on, former, container);

  await on.mend(former);
  await sends(500);
  await on.whole();
  await eventually(
    async () => (await storage.stateOf(former.name)) === "live",
    "the former node is taken back",
    420_000,
  );
  await eventually(
    async () =>
      !(await on.mounted(former)).includes(name) &&
      (await on.docker(
        former,
        `ps --quiet --filter label=com.docker.swarm.service.name=${name}`,
      )) === "",
    "nothing is left of the former holder on its node",
    420_000,
  );
  t.regex(await refusedOn(t, on, former, name), new RegExp(`is in use on "${next.name}"`));

  const granted = (await storage.audit(since, "lease")).find(
    ({ node, volume }) => node === next.name && volume === name,
  );
  const traces = await tracesOf(storage, directory, former.name);
  t.log(`granted ${granted?.time}, last write of the former ${traces.changedAt}`);
  t.true(traces.changedAt < (granted?.time ?? ""));
  t.true(linesOf(traces.lines) >= said.lines, `${said.lines} lines were acknowledged`);
  t.log(`${said.unsynced - traces.unsynced} lines without fsync were lost with the node`);
  t.true(traces.unsynced < said.unsynced, "the node had something to send, or this proves nothing");
  const after = await tracesOf(storage, directory, next.name);
  t.false(after.isBlocked);
  t.true(linesOf(after.lines) > 10);
  const fences = await storage.audit(since, "fence");
  t.deepEqual(
    fences.map(({ node }) => node),
    [former.name],
  );
  t.is((await storage.audit(since, "unfence")).length, 1);
}
