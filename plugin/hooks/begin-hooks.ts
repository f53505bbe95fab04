import { join } from "node:path";
import { ContainerHooks } from "../../service/hooks/container-hooks.ts";
import type { HookEngine } from "../../service/hooks/hook-engine.ts";
import { HookJournal } from "../../service/hooks/hook-journal.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { longestHaltMs } from "../../storage/records/hook-call.ts";
import type { Settings } from "../settings.ts";
import type { StorageWatch } from "../storage-watch.ts";
import { HookListener, type HookListenerParts } from "./hook-listener.ts";

export interface BeginHooksParts extends Pick<
  HookListenerParts,
  "storage" | "node" | "catalog" | "log"
> {
  readonly settings: Pick<Settings, "state">;
  readonly watch: Pick<StorageWatch, "listen">;
  /** Absent: this node's containers cannot be asked. */
  readonly hookEngine?: HookEngine;
  readonly monotonic?: () => number;
  readonly onDamage: (setAside: string, reason: string) => void;
}

/** From now on the backup service is heard. What a former life left paused or stopped is brought back at once. */
export async function beginHooks(parts: BeginHooksParts): Promise<HookListener> {
  const { storage, node, catalog, hookEngine: engine = null, log } = parts;
  const { monotonic = () => performance.now() } = parts;
  const journal = await HookJournal.open(join(parts.settings.state, "hooks.json"), parts.onDamage);
  const settings = { longestMs: longestHaltMs };
  const hooks = engine === null ? null : new ContainerHooks(engine, journal, log, settings);
  const docker = engine === null || hooks === null ? null : { engine, hooks };
  const recovered = recover(hooks, log);
  const listener = new HookListener({
    storage,
    node,
    catalog,
    docker,
    recovered,
    monotonic,
    log,
  });
  parts.watch.listen(({ hookCalls = [] }) => listener.hear(hookCalls));
  return listener;
}

async function recover(hooks: ContainerHooks | null, log: Log): Promise<void> {
  try {
    for (const note of (await hooks?.recover()) ?? []) log.warn({ note }, "brought back");
  } catch (error) {
    log.warn({ reason: messageOf(error) }, "containers could not be brought back; tried again");
  }
}
