import { until } from "./engine-under-test.ts";
import type { FileEngine } from "./file-engine.ts";

/**
 * Starts the container `name`, which counts in the file `<name>` of its volume ten times a second and ends as soon as
 * that fails once: while it runs, its volume has worked without a gap. `flags` are more flags of `docker run`.
 */
export async function startCounter(
  on: FileEngine,
  name: string,
  volume: string,
  flags = "",
): Promise<void> {
  const line = `run -d --init --name ${name} --volume ${volume}:/d ${flags}`.trim();
  await on.docker(
    `${line} busybox sh -ec`,
    `n=0; while :; do n=$((n+1)); echo $n >/d/${name}; usleep 100000; done`,
  );
}

/** Waits until the container has counted further; throws when it has stopped or does not get on. */
export async function countsOn(on: FileEngine, name: string): Promise<void> {
  const count = async (): Promise<number> => Number(await on.docker(`exec ${name} cat /d/${name}`));
  const before = await count();
  // The file is empty for a moment with every write.
  await until(`${name} counts on from ${before}`, async () => (await count()) > before);
}

/** When the container was started, as Docker says; the same text means that it has run since. */
export function startOf(on: FileEngine, name: string): Promise<string> {
  return on.docker(`inspect --format {{.State.Running}},{{.State.StartedAt}} ${name}`);
}
