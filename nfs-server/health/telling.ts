import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import type { Clock } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import type { Problem } from "../../service/notifier/incident.ts";
import { tellingPeople } from "../../service/notifier/telling.ts";
import { repeat } from "../../service/repeat.ts";
import type { ServerAddress } from "../network/server-address.ts";
import type { ServerSettings } from "../settings.ts";

export interface TellingWorld {
  readonly settings: Pick<ServerSettings, "notify" | "serverName">;
  /** Where it is remembered what people were told: not on the data disk, of which they may have to be told. */
  readonly file?: string;
  /** Everything that is wrong now; null while it serves nobody yet. */
  readonly problems: () => readonly Problem[] | null;
  readonly address: Pick<ServerAddress, "look" | "whatIsMissing">;
  readonly clock: Clock;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly log: Log;
}

const usualFile = "/var/lib/swarmnfs/incidents.json";
const everyMs = 30_000;
const calmMs = 120_000;
/** A start that takes longer is told, milliseconds: a machine that boots has much to do. */
const startMs = 5 * 60_000;

/** Tells people of what is wrong with the storage node, also when it cannot begin to serve; until the signal aborts. */
export async function beginTelling(
  world: TellingWorld,
  signal: AbortSignal,
  roundEveryMs = everyMs,
): Promise<void> {
  const { settings, file = usualFile, clock, log } = world;
  await mkdir(path.dirname(file), { recursive: true }).catch(() => undefined);
  const from = `storage node ${settings.serverName ?? hostname()}`;
  const tell = await tellingPeople({ notify: settings.notify, from, file, calmMs, clock, log });
  const begunAt = world.monotonic();
  const round = async (): Promise<void> => {
    const isLate = world.monotonic() - begunAt > startMs;
    const problems = world.problems() ?? (isLate ? [notServing(world)] : null);
    // Of what was told before a restart nothing is over before it was looked at again.
    if (problems !== null) await tell(problems, problems.length === 0);
  };
  const failed = (error: unknown): void => log.error({ err: error }, "people could not be told");
  void repeat(roundEveryMs, round, signal, failed);
}

function notServing({ address }: TellingWorld): Problem {
  const text =
    address.look() === null
      ? address.whatIsMissing()
      : "Its start takes long. What it waits for is in its log: docker compose logs";
  return { key: "start", title: "The storage node does not serve", text, severity: 3 };
}
