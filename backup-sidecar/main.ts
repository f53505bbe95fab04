import { existsSync } from "node:fs";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { systemClock } from "../service/clock.ts";
import { createLog, type Log } from "../service/log.ts";
import { tellingPeople } from "../service/notifier/telling.ts";
import { RootSocket } from "../service/root-socket.ts";
import { UserError } from "../service/user-error.ts";
import { buildId, version } from "../service/version.ts";
import { backupSocket } from "../storage/backup/verbs.ts";
import { assemble } from "./backup.ts";
import { createControlApi } from "./control/api.ts";
import { openStoragePlace, type StoragePlace } from "./operations/storage-place.ts";
import { createPages } from "./pages.ts";
import { printConfig } from "./print-config.ts";
import { recover } from "./recover.ts";
import { checkTarget } from "./repository/target/check-target.ts";
import { webdavTarget } from "./repository/target/webdav-target.ts";
import { type BackupSettings, parseSettings } from "./settings.ts";
import { NodeHooks } from "./source/node-hooks.ts";
import { ContainerHooks } from "../service/hooks/container-hooks.ts";
import { DockerHookEngine } from "../service/hooks/docker-hook-engine.ts";
import { HookJournal } from "../service/hooks/hook-journal.ts";
import { type Hooks, noHooks } from "../service/hooks/hooks.ts";

/** Settings that nothing can be done with: whoever starts us need not try again. */
const cannotWork = 2;
/** restic removes its lock when it is asked to end; compose and swarm kill after the stop_grace_period of our files, 60 s. */
const stopBoundMs = 50_000;

const restic = process.env["SWARMNFS_RESTIC"] || "/usr/bin/restic";
delete process.env["SWARMNFS_RESTIC"];

let stopping = false;

const [argument, ...rest] = process.argv.slice(2);
if (argument !== undefined) process.exit(await instead(argument, rest));

const settings = understood();
const log = createLog("swarmnfs-backup", settings.log);
process.on("uncaughtException", (error) =>
  log.fatal({ err: error }, "an error nobody caught; going on"),
);
log.info({ version, buildId, storage: settings.storage, node: settings.node }, "starting");
try {
  await run();
} catch (error) {
  if (stopping) await new Promise<never>(() => {});
  if (error instanceof UserError) log.fatal(error.message);
  else log.fatal({ err: error }, "the backup service could not be started");
  process.exit(error instanceof UserError && error.code === "invalid" ? cannotWork : 1);
}

async function run(): Promise<void> {
  const places = {
    views: "/run/swarmnfs/views",
    cache: join(settings.cache, "restic"),
    temporary: join(settings.cache, "tmp"),
    restore: "/run/swarmnfs/views/restore",
    source: "/run/swarmnfs/views/source",
  };
  for (const folder of [settings.state, ...Object.values(places)])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  // What a former life was putting together when it was killed.
  await rm(places.temporary, { recursive: true });
  await mkdir(places.temporary, { mode: 0o700 });
  const place = await openStoragePlace(settings.storage, settings.state, log);
  const backup = await assemble({
    settings,
    environment: process.env,
    place,
    restic,
    passwordFile: await passwordFile(settings),
    ...places,
    hooks: await hooksOf(settings, place, log),
    tell: await tellingPeople({
      notify: settings.notify,
      from: `backup of ${settings.storageName} on ${settings.node}`,
      file: join(settings.state, "incidents.json"),
      clock: systemClock,
      log,
    }),
    clock: systemClock,
    log,
  });
  const socket = new RootSocket(
    createControlApi(backup.commands, log),
    backupSocket,
    "backup service",
  );
  const pages = createPages(() => backup.overview.view(), backup.traffic, log);
  stopOnSignal(async () => {
    pages.close();
    await socket.close();
    await backup.stop();
  });
  await socket.listen();
  pages.on("error", (error) => log.error({ err: error }, "/health and /metrics cannot be served"));
  pages.listen(settings.httpPort);
  backup.begin();
  log.info({ socket: backupSocket, port: settings.httpPort }, "ready");
}

/** What the container can do instead of serving. Answers the exit code. */
async function instead(command: string, args: readonly string[]): Promise<number> {
  if (command === "print-config") return printConfig(process.env, args, print);
  if (command === "check-target") return tryTarget();
  if (command === "recover") return recoverStorage();
  process.stderr.write(
    `"${command}" is not known here. Without arguments the backup service is started; print-config shows what it would understand of its settings, check-target tries the backup server, recover makes an empty directory the storage that was backed up\n`,
  );
  return cannotWork;
}

async function tryTarget(): Promise<number> {
  const { webdav, storageName } = understood();
  try {
    const target = await webdavTarget(webdav, storageName, () => undefined);
    const findings = await checkTarget(target, null);
    for (const { state, text } of findings) print(`${state.padEnd(8)} ${text}\n`);
    return findings.some(({ state }) => state === "problem") ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** Of an empty directory and the server's address, the storage again. */
async function recoverStorage(): Promise<number> {
  const given = understood();
  try {
    await mkdir("/run/swarmnfs", { recursive: true, mode: 0o700 });
    await recover({ settings: given, restic, passwordFile: await passwordFile(given), print });
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

function understood(): BackupSettings {
  try {
    return parseSettings(process.env, process.stdout.isTTY);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(cannotWork);
  }
}

/** restic reads the password from a file: the secret's own, or one in memory that only root can read. */
async function passwordFile({ password }: BackupSettings): Promise<string> {
  // Also to say at once what is wrong with it.
  const text = await password.read();
  if (password.file !== null) return password.file;
  const file = "/run/swarmnfs/repository-password";
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
  return file;
}

/** The containers of this machine by its Docker, those of others, and of this one without it, by the plugins there. */
async function hooksOf(
  { docker, state, node }: BackupSettings,
  { storage }: StoragePlace,
  told: Log,
): Promise<Hooks> {
  const parts = { storage, node, clock: systemClock, log: told };
  if (docker === null || !existsSync(docker)) {
    told.info(
      { docker },
      "Docker's socket is not in the container: what containers of this machine ask for (swarmnfs.backup.…) is left to its plugin, as on other nodes",
    );
    return new NodeHooks({ ...parts, own: noHooks, engine: null });
  }
  const journal = await HookJournal.open(join(state, "hooks.json"), (setAside, reason) =>
    told.error(
      { setAside, reason },
      "what was done to containers could not be read: look whether any is still paused or stopped",
    ),
  );
  const engine = new DockerHookEngine(docker);
  return new NodeHooks({ ...parts, own: new ContainerHooks(engine, journal, told), engine });
}

function stopOnSignal(stop: () => Promise<void>): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      stopping = true;
      log.info({ signal }, "stopping");
      setTimeout(() => process.exit(0), stopBoundMs).unref();
      void stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, "it did not end in order");
          process.exit(1);
        },
      );
    });
  }
}
