import type { ReviewView } from "../storage/verbs.ts";
import type { Engine } from "./engine.ts";

/** Milliseconds; nobody waits behind it. */
const boundMs = 10_000;

/**
 * Who wants volumes, mounted or not: containers of this node in any state, and where this node knows them the services of the
 * swarm. Nobody is known to where Docker does not answer.
 */
export async function wantedVolumes(engine: Engine | null): Promise<ReviewView["wanted"]> {
  const nobody = { scope: "none", by: {} } as const;
  if (engine === null) return nobody;
  try {
    const [containers, services] = await Promise.all([
      engine.consumers(boundMs),
      engine.services(boundMs),
    ]);
    const by = new Map<string, string[]>();
    const note = (volumes: readonly string[], who: string): void => {
      for (const volume of volumes) by.set(volume, [...(by.get(volume) ?? []), who]);
    };
    for (const { name, volumes } of containers) note(volumes, `container ${name}`);
    for (const { name, volumes } of services ?? []) note(volumes, `service ${name}`);
    return { scope: services === null ? "node" : "swarm", by: Object.fromEntries(by) };
  } catch {
    return nobody;
  }
}

/** By volume: the labels with which this node's Docker knows it; none where it does not answer. */
export async function labelsOf(engine: Engine | null): Promise<ReviewView["labels"]> {
  const volumes = (await engine?.volumes(boundMs).catch(() => [])) ?? [];
  return Object.fromEntries(
    volumes.flatMap(({ name, labels = {} }) =>
      Object.keys(labels).length === 0 ? [] : [[name, labels] as const],
    ),
  );
}
