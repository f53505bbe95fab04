import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { execa } from "execa";
import type {
  BridgeSession,
  SessionOptions,
} from "../../../backup-sidecar/repository/bridge/bridge.ts";
import type {
  Connected,
  ConnectOptions,
  TargetSettings,
} from "../../../backup-sidecar/repository/target/connect.ts";
import { RestBridge } from "../../../backup-sidecar/repository/bridge/rest-bridge.ts";
import { resticOfTheImage } from "../restic.ts";
import type { DavServer } from "./dav-server.ts";
import { FaultProxy, type Seen } from "./fault-proxy.ts";
import { startNodeDav } from "./node-dav.ts";
import { ownFolder, quick, reach } from "./reach.ts";

export interface Told {
  readonly code: number | undefined;
  readonly all: string;
  readonly stdout: string;
}

/** restic at a session, as the service runs it; stopped as soon as there is trouble. */
export async function restic(
  session: BridgeSession,
  folder: string,
  args: readonly string[],
): Promise<Told> {
  const program = await resticOfTheImage();
  const child = execa(program, [...args, "--stuck-request-timeout", "15m"], {
    env: {
      ...session.environment,
      RESTIC_PASSWORD: "secret",
      RESTIC_PROGRESS_FPS: "0.1",
      RESTIC_CACHE_DIR: path.join(folder, "cache"),
    },
    reject: false,
    all: true,
  });
  const off = session.onTrouble(() => void child.kill("SIGINT"));
  const { exitCode, all, stdout } = await child;
  off();
  return { code: exitCode, all, stdout };
}

/** A server with a fault proxy in front of it, our folder on it, and a bridge to that. */
export interface Stand {
  readonly folder: string;
  readonly server: DavServer;
  readonly proxy: FaultProxy;
  readonly connected: Connected;
  readonly bridge: RestBridge;
  /** What the bridge said of the server. */
  readonly notes: readonly string[];
  /** A directory with a few megabytes in it. */
  readonly source: string;
  readonly session: (options?: SessionOptions) => Promise<BridgeSession>;
}

export interface StandOptions {
  readonly start?: (options: { readonly folder: string }) => Promise<DavServer>;
  readonly target?: Partial<TargetSettings>;
  readonly connect?: Partial<ConnectOptions>;
  /** Told where the proxy listens, before anything is reached through it. */
  readonly before?: (url: string) => void;
}

export async function stand(t: ExecutionContext, options: StandOptions = {}): Promise<Stand> {
  const folder = await ownFolder(t);
  const server = await (options.start ?? startNodeDav)({ folder });
  t.teardown(() => server.stop());
  const proxy = await FaultProxy.before(server.url);
  t.teardown(() => proxy.down());
  options.before?.(proxy.url);
  const connected = await reach(proxy.url, options.target, options.connect);
  const notes: string[] = [];
  const { outageMs } = options.target?.endurance ?? quick;
  const bridge = await RestBridge.listen(connected.remote, {
    uploadsFailMs: outageMs,
    journals: path.join(folder, "journals"),
    note: (text) => notes.push(text),
  });
  t.teardown(() => bridge.close());
  const source = path.join(folder, "source");
  await mkdir(source);
  await writeFile(path.join(source, "large"), randomBytes(9 * 1024 * 1024));
  await writeFile(path.join(source, "small"), "hello\n");
  const session = (more?: SessionOptions): Promise<BridgeSession> =>
    bridge.session("repositories/blog", more);
  return { folder, server, proxy, connected, bridge, source, session, notes };
}

/** A stand whose repository exists and has a first snapshot; packs are small, so that there are several. */
export async function standWithRepository(
  t: ExecutionContext,
  options: StandOptions = {},
): Promise<Stand> {
  const made = await stand(t, options);
  const session = await made.session({ mayCreate: true });
  const init = await restic(session, made.folder, ["init"]);
  t.is(init.code, 0, init.all);
  await session.close();
  return made;
}

export const backup = ["backup", "--pack-size", "4", "--json"] as const;

/** Files of the repository whose content is not what their name says: nothing half-written may have a final name. */
export async function untrueNames({ server }: Stand): Promise<string[]> {
  const top = path.join(server.files, "storage/repositories/blog");
  const entries = await readdir(top, { recursive: true, withFileTypes: true });
  const wrong: string[] = [];
  for (const entry of entries.filter((one) => one.isFile() && one.name !== "config")) {
    const bytes = await readFile(path.join(entry.parentPath, entry.name));
    if (createHash("sha256").update(bytes).digest("hex") !== entry.name) wrong.push(entry.name);
  }
  return wrong;
}

/**
 * Waits until something is so, for at most two minutes; throws with what `running` told if that ends before: what is waited
 * for can no longer come.
 */
export async function until(condition: () => boolean, running?: Promise<Told>): Promise<void> {
  let ended: Told | null = null;
  running?.then(
    (told) => (ended = told),
    () => undefined,
  );
  for (const end = Date.now() + 120_000; !condition(); await delay(5)) {
    if (ended !== null) throw new Error(`restic has ended before: ${JSON.stringify(ended)}`);
    if (Date.now() > end) throw new Error("it did not become so within two minutes");
  }
}

/** Whether a request is an upload of a pack, a move of one, … */
export const packs = {
  put: ({ method, path: at }: Seen) => method === "PUT" && at.includes("/.swarmnfs/tmp/"),
  move: ({ method }: Seen) => method === "MOVE",
  list: ({ method, path: at }: Seen) => method === "PROPFIND" && at.endsWith("/index/"),
} as const;
