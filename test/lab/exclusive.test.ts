// A volume that one node alone may have: who gets it when its holder is cut off, stands still, works, or has given it back,
// and what becomes of what the former holder had still to write.
import test, { type ExecutionContext } from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { countsOn, runningSince, startCounter } from "./counter.ts";
import { eventually } from "./eventually.ts";
import { saidBy, soleHolder, tracesOf } from "./sole-holder.ts";
import { StorageNode } from "./storage-node.ts";
import { linesOf } from "./writer.ts";

const on = labCluster();
const exclusive = "access=exclusive";

test("the node of an exclusive volume is cut off: another one gets it, and nothing of the first arrives any more", (t) =>
  takenOver(t, "cut"));

test("the node of an exclusive volume stands still and goes on later: nothing of it arrives any more", (t) =>
  takenOver(t, "freeze"));

test("who starts an exclusive volume elsewhere by mistake is refused by name, and its holder is not disturbed", async (t) => {
  const { storage, name, holder, since } = await held("mistake");
  const asked = await storage.now();
  const stranger = await on.inContainer(on.node(3), `${name}-2`, name, "echo mine >stolen");
  t.not(stranger.exitCode, 0);
  t.regex(stranger.stderr, new RegExp(`is in use on "node2" \\(.*${name}-1.*Stop it there first`));
  await countsOn(on, holder, `${name}-1`);
  t.is(await runningSince(on, holder, `${name}-1`), since);
  await nobodyFenced(t, storage, asked);
});

test("the plugin of the holder is disabled and enabled while another node asks: nobody is fenced", async (t) => {
  const { storage, name, holder, since } = await held("disabled");
  const asked = await storage.now();
  on.afterwards(() => on.attempt(holder, "plugin enable swarmnfs"));
  await on.docker(holder, "plugin disable --force swarmnfs");
  const during = await on.inContainer(on.node(3), `${name}-2`, name, "ls");
  t.regex(during.stderr, /"node2" has it; its plugin is being restarted or upgraded/);
  await countsOn(on, holder, `${name}-1`);
  await on.docker(holder, "plugin enable swarmnfs");
  await eventually(async () => {
    const after = await on.inContainer(on.node(3), `${name}-2`, name, "ls");
    t.not(after.exitCode, 0);
    return after.stderr.includes(`is in use on "node2"`);
  }, "the holder's plugin answers again");
  await countsOn(on, holder, `${name}-1`);
  t.is(await runningSince(on, holder, `${name}-1`), since);
  await nobodyFenced(t, storage, asked);
});

test("an exclusive volume that was given back goes over at once; other apps of that node keep their locks", async (t) => {
  const { storage, name, holder } = await held("given");
  const asked = await storage.now();
  const other = await on.volume("locks");
  await locks(holder, other, "a");
  await on.docker(holder, `rm --force ${name}-1`);
  const began = performance.now();
  t.is(await on.says(on.node(3), `${name}-2`, name, "echo mine >now; cat now"), "mine");
  t.log(`${seconds(began)} s from a start to its end, on a volume that was just given back`);
  t.true(await isLocked(on.node(3), other, "a"));
  await nobodyFenced(t, storage, asked);
});

test("two nodes of one host name keep their locks", async (t) => {
  const [first, second] = [on.node(2), on.node(3)];
  const volume = await on.volume("twins");
  const asked = await new StorageNode(on.lab).now();
  // What was mounted under the old name is another client's.
  const renamed = async (name: string): Promise<void> => {
    await on.attempt(second, "plugin disable --force swarmnfs");
    await second.must(`hostname ${name}`);
    await on.docker(second, "plugin set swarmnfs SWARMNFS_NODE=node3");
    await on.docker(second, "plugin enable swarmnfs");
  };
  on.afterwards(() => renamed(second.name));
  await renamed(first.name);
  await locks(first, volume, "first");
  await locks(second, volume, "second");
  for (const [node, name] of [
    [first, "first"],
    [second, "second"],
  ] as const)
    await countsOn(on, node, `${volume}-${name}`);
  t.true(await isLocked(on.node(1), volume, "first"));
  t.true(await isLocked(on.node(1), volume, "second"));
  await nobodyFenced(t, new StorageNode(on.lab), asked);
});

/** A container on node 2 that has an exclusive volume. */
async function held(word: string): Promise<{
  storage: StorageNode;
  name: string;
  holder: Machine;
  since: string;
}> {
  const name = await on.volume(word, exclusive);
  const holder = on.node(2);
  await startCounter(on, holder, `${name}-1`, name);
  await countsOn(on, holder, `${name}-1`);
  const since = await runningSince(on, holder, `${name}-1`);
  return { storage: new StorageNode(on.lab), name, holder, since };
}

/** A container that counts and holds the lock of a file. */
async function locks(node: Machine, volume: string, name: string): Promise<void> {
  const script = `set -e; exec 9>/d/lock-${name}; flock -n 9; n=0; while :; do n=$((n+1)); echo $n >&9; echo $n >/d/${volume}-${name}; sleep 1; done`;
  await on.container(node, `${volume}-${name}`, volume, script);
  await countsOn(on, node, `${volume}-${name}`);
}

async function isLocked(node: Machine, volume: string, name: string): Promise<boolean> {
  const said = await on.says(
    node,
    `${volume}-looks`,
    volume,
    `flock -n lock-${name} echo free || echo locked`,
  );
  return said === "locked";
}

async function nobodyFenced(
  t: ExecutionContext,
  storage: StorageNode,
  since: string,
): Promise<void> {
  t.deepEqual(await storage.audit(since, "fence"), []);
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}

/** The swarm moves a writer away from node 2, which has the fault and comes back. */
async function takenOver(t: ExecutionContext, fault: "cut" | "freeze"): Promise<void> {
  t.timeout(1_800_000);
  const [former, next, storage] = [on.node(2), on.node(3), new StorageNode(on.lab)];
  const name = on.name(fault);
  const nextIs = (availability: string): Promise<string> =>
    on.docker(on.leader, `node update --availability ${availability} ${next.name}`);
  on.afterwards(() => nextIs("active"));
  await nextIs("pause");
  const flags = `--constraint node.hostname!=${on.leader.name}`;
  await on.service(name, soleHolder, flags, [exclusive]);
  t.deepEqual(await on.running(name, 1), [former.name]);
  await nextIs("active");
  const since = await storage.now();
  const directory = await storage.directoryOf(name);
  const ours = `ps --all --quiet --filter label=com.docker.swarm.service.name=${name}`;
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
  t.log(`${fault}: ${seconds(began)} s after it a task runs on ${next.name}`);
  t.log(`${fault}: ${seconds(started ?? began)} s from its first start there to a mounted volume`);
  await eventually(async () => {
    const { lines } = await tracesOf(storage, directory, next.name);
    return lines.split("\n").length > 10;
  }, "the next holder writes");
  if (fault === "cut") said = await saidBy(on, former, container);

  await on.mend(former);
  await on.whole();
  await eventually(
    async () => (await storage.stateOf(former.name)) === "live",
    "the former node is taken back",
    420_000,
  );
  await sends(500);
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
  const refused = await on.inContainer(former, `${name}-again`, name, "echo mine >stolen");
  t.regex(refused.stderr, /is in use on "node3"/);

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
