// What somebody does on the NAS: each time people are told what, and nobody has to lift a hand once it is undone.
import test, { type ExecutionContext } from "ava";
import { labCluster } from "./cluster.ts";
import { countsOn, runningSince } from "./counter.ts";
import { eventually } from "./eventually.ts";
import { timed } from "./stopwatch.ts";

const on = labCluster();

/** A fault of the NAS, and what people read. */
interface Mischief {
  readonly fault: string;
  /** Of whoever makes a volume meanwhile. */
  readonly creation: RegExp;
  /** Of whoever starts a container on a volume that was there before; its own complaint or ours. */
  readonly container: RegExp;
}

const mischiefs: Readonly<Record<string, Mischief>> = {
  "the export is removed": {
    fault: "export-gone",
    creation: /nas\.lan .*export/,
    container: /nas\.lan .*export/,
  },
  "the export is made read-only": {
    fault: "export-read-only",
    creation: /read-only/i,
    container: /read-only/i,
  },
  "the NAS's disk is full": {
    fault: "disk-full",
    creation: /is full/,
    container: /is full|No space left on device/,
  },
  "the NAS squashes root": {
    fault: "root-squashed",
    creation: /no_root_squash/,
    container: /no_root_squash/,
  },
};

for (const [what, mischief] of Object.entries(mischiefs))
  test(`${what}: people are told, and when it is undone everything goes on`, (t) =>
    heals(t, mischief));

async function heals(t: ExecutionContext, mischief: Mischief): Promise<void> {
  const node = on.node(1);
  const name = await on.volume("mischief");
  const running = `${name}-running`;
  // It goes on over errors, as an application does that tries again.
  const script = `n=0; while :; do n=$((n+1)); echo $n >/d/${running}; usleep 300000; done`;
  await on.container(node, running, name, script);
  await countsOn(on, node, running);
  const since = await runningSince(on, node, running);

  await on.fault(on.nas, mischief.fault);
  const unborn = on.name("unborn");
  await told(t, "docker volume create", mischief.creation, () =>
    on.attempt(node, `volume create -d swarmnfs -o app=${unborn} ${unborn}`),
  );
  await told(t, "docker run", mischief.container, () =>
    // The shell does not look at what close(2) says, which is where NFS says it.
    on.inContainer(node, `${name}-1`, name, "echo hello >file && fsync file"),
  );

  await on.mend(on.nas);
  await eventually(
    async () =>
      (await on.inContainer(node, `${name}-2`, name, "echo hello >file; cat file")).stdout ===
      "hello\n",
    "a container starts and writes",
  );
  await on.docker(node, `volume create -d swarmnfs -o app=${unborn} ${unborn}`);
  await countsOn(on, node, running);
  t.is(await runningSince(on, node, running), since);
}

/** Waits until the command fails with these words: nodes may remember for a while what the NAS said before. */
async function told(
  t: ExecutionContext,
  what: string,
  words: RegExp,
  command: () => ReturnType<typeof on.attempt>,
): Promise<void> {
  await eventually(
    async () => {
      const { exitCode, stderr } = await timed(t, what, command);
      return exitCode !== 0 && words.test(stderr);
    },
    `${what} is refused with ${String(words)}`,
    90_000,
  );
}
