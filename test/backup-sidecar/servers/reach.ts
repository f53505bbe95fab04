import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ExecutionContext } from "ava";
import {
  connect,
  type Connected,
  type ConnectOptions,
  type TargetSettings,
} from "../../../backup-sidecar/repository/target/connect.ts";
import type { EnduranceSettings } from "../../../backup-sidecar/repository/webdav/endurance.ts";
import type { Bounds } from "../../../backup-sidecar/repository/http/patience.ts";
import { parseTarget } from "../../../backup-sidecar/repository/target/target.ts";
import { account } from "./dav-server.ts";

/**
 * Retries come quickly, but patience is long: the machine may be busy, or this process held for a while. Tests of what is
 * given up shorten what they give up.
 */
export const quick: EnduranceSettings = {
  outageMs: 110_000,
  lockedMs: 110_000,
  doubtMs: 60_000,
  firstWaitMs: 20,
  longestWaitMs: 200,
};

export const quickBounds: Bounds = { connectMs: 60_000, answerMs: 60_000, silenceMs: 60_000 };

/** A directory that goes with the test. */
export async function ownFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-backup-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** How the servers of tests are reached, unless said otherwise. */
export function targetOf(url: string, settings: Partial<TargetSettings> = {}): TargetSettings {
  return {
    addresses: () => Promise.resolve(parseTarget(url)),
    credentials: { read: () => Promise.resolve(account) },
    trust: { ca: null, pin: null },
    storage: "storage",
    redirectHosts: [],
    endurance: quick,
    bounds: quickBounds,
    ...settings,
  };
}

/** Our folder on a server, made if there is none. */
export function reach(
  url: string,
  settings: Partial<TargetSettings> = {},
  options: Partial<ConnectOptions> = {},
): Promise<Connected> {
  return connect(targetOf(url, settings), { known: null, mayWrite: true, ...options });
}
