import { mkdir, readFile, readlink, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { DockerHookEngine } from "../service/hooks/docker-hook-engine.ts";
import { createLog, type Log } from "../service/log.ts";
import { serveMetrics } from "../service/metrics-page.ts";
import { UserError } from "../service/user-error.ts";
import { buildId, version } from "../service/version.ts";
import { openStorage } from "../storage/open.ts";
import { RefusingStorage } from "../storage/refusing-storage.ts";
import type { NodeIdentity, Storage } from "../storage/storage.ts";
import { DockerWasteBin } from "./waste/docker-waste-bin.ts";
import { DockerThrowAway } from "./benchmark/docker-throw-away.ts";
import { DockerEngine } from "./docker-engine.ts";
import { hostViews, pluginIdIn, seenInPlugin } from "./host-path.ts";
import { parseMountinfo, type MountEntry } from "../storage/mounting/mountinfo.ts";
import { Nft } from "./guard/nft.ts";
import { joinTokenSource } from "./join-token.ts";
import { assemble, type Plugin } from "./plugin.ts";
import { parseSettings, seenFromHere, type Settings } from "./settings.ts";
import { DockerTransferEngine } from "./transfer/docker-transfer-engine.ts";
import { SystemMounter } from "./system-mounter.ts";

/** How long a volume stays mounted after its last container left, in milliseconds: spares restarts a remount. */
const lingerMs = 10_000;
/**
 * How long an unknown name may keep Docker waiting, in milliseconds. Unrelated `docker run` commands wait with it, though at
 * most 8 s, and not at all once the storage is known to hang. Of a name that is not found Docker makes a local volume, which
 * hides ours: so a storage that is slow is waited for.
 */
const lookupBoundMs = 20_000;
/** Docker kills what does not end within 10 s of SIGTERM. */
const stopBoundMs = 5_000;

/** Builds the plugin and answers requests with it; called by the entry file, which listens already. */
export async function start(stopListening: () => void): Promise<Plugin["answer"]> {
  const { settings, fault } = readSettings(process.env);
  const log = createLog("swarmnfs", settings.log);
  log.info({ version, buildId, storage: settings.storage, node: settings.node }, "starting");

  await mkdir(settings.state, { recursive: true, mode: 0o700 });
  await mkdir(settings.mounts, { recursive: true });
  const entries = parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"));
  const { docker } = settings;
  const plugin = await assemble({
    settings,
    storage: (node) => storageOf(settings, fault, node, entries, log),
    mounter: new SystemMounter(await realpath(settings.mounts)),
    packetFilter: new Nft(),
    kernel: {
      mountstats: () => readFile("/proc/self/mountstats", "utf8"),
      mountinfo: () => readFile("/proc/self/mountinfo", "utf8"),
    },
    engine: engineOf(settings, entries),
    ...(await transfersOf(settings, entries)),
    ...(docker !== null && {
      throwAway: (node, driver) => new DockerThrowAway(docker, node.id, driver),
    }),
    ...(docker !== null && { hookEngine: new DockerHookEngine(docker) }),
    ...(settings.docker !== null && { waste: new DockerWasteBin(settings.docker) }),
    boot: (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
    lingerMs,
    lookupBoundMs,
    log,
  });

  const life = new AbortController();
  if (settings.metrics !== null)
    void serveMetrics(settings.metrics, () => plugin.metrics(), log, life.signal);

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "stopping");
      stopListening();
      life.abort();
      setTimeout(() => process.exit(0), stopBoundMs).unref();
      void plugin.stop().then(() => process.exit(0));
    });
  }
  process.on("uncaughtException", (error) =>
    log.fatal({ err: error }, "an error nobody caught; going on"),
  );
  return plugin.answer;
}

/** Settings that cannot be used: a plain process ends; a managed plugin must not, and says so with every answer. */
function readSettings(environment: NodeJS.ProcessEnv): {
  settings: Settings;
  fault: UserError | null;
} {
  try {
    return { settings: parseSettings(environment), fault: null };
  } catch (error) {
    if (!(error instanceof UserError) || environment["SWARMNFS_MANAGED"] !== "1") throw error;
    return { settings: parseSettings({ SWARMNFS_MANAGED: "1" }), fault: error };
  }
}

function storageOf(
  settings: Settings,
  fault: UserError | null,
  node: NodeIdentity,
  entries: readonly MountEntry[],
  log: Log,
): Storage {
  const seen = (path: string): string => (settings.managed ? seenInPlugin(path, entries) : path);
  try {
    if (fault !== null) throw fault;
    const addressFile = join(settings.state, "server-addresses.json");
    const nfs = { place: settings.wholeStorage, nodeId: node.id, addressFile };
    const swarmnfs = {
      node,
      credentialsFile: join(settings.state, "credentials.json"),
      leasesFile: join(settings.state, "leases.json"),
      addressFile,
      folder: dirname(settings.wholeStorage),
      token: joinTokenSource(settings.joinToken, (path) => {
        const ours = seenFromHere(path, settings.managed);
        return ours === path ? seen(path) : ours;
      }),
    };
    const views = settings.managed ? hostViews : [];
    const { storage, trashDays } = settings;
    return openStorage(storage, { seen, views, trashDays, nfs, swarmnfs });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.error(error.message);
    return new RefusingStorage(settings.storage, error);
  }
}

/** Its containers run the plugin's own programs, so that only a managed one has them. */
async function transfersOf(
  settings: Settings,
  entries: readonly MountEntry[],
): Promise<{ transfers?: DockerTransferEngine }> {
  const { docker, managed, mounts } = settings;
  const pluginId = managed ? pluginIdIn(entries, mounts) : null;
  if (docker === null || pluginId === null) return {};
  const names = ["bin", "lib", "lib64", "sbin"];
  const targets = await Promise.all(names.map((name) => readlink(`/${name}`).catch(() => null)));
  const links = names.flatMap((name, index) => {
    const target = targets[index];
    return target ? [[name, target] as const] : [];
  });
  return { transfers: new DockerTransferEngine(docker, pluginId, Object.fromEntries(links)) };
}

function engineOf(settings: Settings, entries: readonly MountEntry[]): DockerEngine | null {
  if (settings.docker === null) return null;
  const pluginId = settings.managed ? pluginIdIn(entries, settings.mounts) : null;
  return new DockerEngine(settings.docker, pluginId, settings.driver, settings.managed);
}
