import { join } from "node:path";
import { systemClock } from "../service/clock.ts";
import type { Log } from "../service/log.ts";
import { channelsOf, tellingPeople } from "../service/notifier/telling.ts";
import { repeat } from "../service/repeat.ts";
import type { Storage } from "../storage/storage.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import type { Guard } from "./guard/guard.ts";
import type { MountAttempts } from "./mount-attempts.ts";
import { nodeFindings } from "./node-findings.ts";
import type { NodeState } from "./node-identity.ts";
import { type NodeSight, problemsOf } from "./problems.ts";
import type { Settings } from "./settings.ts";
import type { StorageWatch } from "./storage-watch.ts";

export interface TellingParts {
  readonly settings: Pick<Settings, "notify" | "state">;
  readonly storage: Pick<Storage, "url" | "server">;
  readonly watch: Pick<StorageWatch, "id" | "trouble">;
  readonly guard: Pick<Guard, "warning">;
  readonly attempts: Pick<MountAttempts, "failing">;
  readonly catalog: Pick<CatalogCopy, "volumes" | "uses">;
  readonly node: Pick<NodeState, "identity" | "isCopy">;
  readonly log: Log;
}

const everyMs = 15_000;
const calmMs = 120_000;

/**
 * Tells people what is wrong with this node until the signal aborts. Where nobody is to be told nothing happens: the log has
 * a line of its own for each of these.
 */
export async function beginTelling(
  parts: TellingParts,
  signal: AbortSignal,
  roundEveryMs = everyMs,
): Promise<void> {
  const { settings, node, log } = parts;
  const { notify, state } = settings;
  if (channelsOf(notify).length === 0 && notify.ping === null) return;
  const tell = await tellingPeople({
    notify,
    from: `plugin on ${node.identity.name}`,
    file: join(state, "incidents.json"),
    calmMs,
    clock: systemClock,
    log,
  });
  const round = async (): Promise<void> => {
    const seen = sightOf(parts);
    // Of what was told before a restart nothing is over before it was looked at again.
    if (seen === null) return;
    const problems = problemsOf(seen);
    await tell(problems, problems.length === 0);
  };
  const failed = (error: unknown): void => log.error({ err: error }, "people could not be told");
  void repeat(roundEveryMs, round, signal, failed);
}

/** What this node knows without asking anybody; null: it has not looked at its storage yet. */
function sightOf(parts: TellingParts): NodeSight | null {
  const { storage, watch, guard, attempts, catalog, node } = parts;
  const { trouble } = watch;
  if (watch.id === null && trouble === null) return null;
  const control = storage.server?.control;
  const uses = catalog.volumes().flatMap(({ name }) => catalog.uses(name));
  return {
    node: node.identity.name,
    url: storage.url,
    trouble,
    guard: guard.warning,
    failing: attempts.failing(),
    fenced: control?.leases?.fenced ?? false,
    certifiedUntil: control?.certifiedUntil ?? null,
    names: nodeFindings(node.identity, uses),
    isCopy: node.isCopy,
    now: Date.now(),
  };
}
