import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { systemClock } from "../service/clock.ts";
import { createLog, type Log } from "../service/log.ts";
import type { Problem } from "../service/notifier/incident.ts";
import { serveMetrics } from "../service/metrics-page.ts";
import { UserError } from "../service/user-error.ts";
import { buildId, version } from "../service/version.ts";
import { AddressFile } from "../storage/nfs/address-file.ts";
import { systemLookup } from "../storage/nfs/server-name.ts";
import { systemQuotas } from "../storage/quota/system-quotas.ts";
import { configView } from "./config-view.ts";
import { AdminSocket } from "./control/admin-socket.ts";
import { createControlApi } from "./control/api.ts";
import { adminDoor, type Door, networkDoor } from "./control/door.ts";
import { Gatekeeper, usualLimits } from "./control/gatekeeper.ts";
import { Listener } from "./control/listener.ts";
import { Replays } from "./control/replays.ts";
import { openDataDisk } from "./data-disk.ts";
import { auditKernel } from "./health/audit.ts";
import { Metrics } from "./health/metrics.ts";
import { Observer } from "./health/observer.ts";
import { beginReporting } from "./health/reporting.ts";
import { beginTelling } from "./health/telling.ts";
import { readCounters } from "./kernel/counters.ts";
import { ProcNfsClients } from "./kernel/proc-nfs-clients.ts";
import { missingRequirements } from "./kernel/requirements.ts";
import { missingForTls } from "./kernel/tls-requirements.ts";
import { KnownStorage } from "./known-storage.ts";
import { Firewall, systemFilter } from "./network/firewall.ts";
import { nameAddress } from "./network/host-names.ts";
import { NfsTls } from "./network/nfs-tls.ts";
import { ServerAddress } from "./network/server-address.ts";
import { NfsService } from "./nfs-service.ts";
import { patiently } from "./patience.ts";
import { loadPolicy, type Policy } from "./policy/policy.ts";
import { printConfig } from "./print-config.ts";
import { assemble, type Server, type World } from "./server.ts";
import { diskAt } from "./self-test/disk.ts";
import { OwnExports } from "./self-test/own-exports.ts";
import { ProvedExports } from "./self-test/proved-exports.ts";
import { openScratch } from "./self-test/scratch.ts";
import { SelfTest, type SelfTestParts } from "./self-test/self-test.ts";
import { parseSettings, type ServerSettings } from "./settings.ts";

/** Settings or a machine that nothing can be done with: whoever starts us need not try again. */
const cannotWork = 2;
/** The container's first process kills what has not ended 2.5 s after it asked. */
const stopBoundMs = 2_000;

/**
 * By what the kernel keeps volumes apart. Linux of 2026 can sign file handles instead, with a key that only generic netlink
 * takes: none of the tools in our image knows how to give it one.
 */
const mechanism = "subtree_check";

const monotonic = (): number => performance.now();

let stopping = false;

const [argument, ...rest] = process.argv.slice(2);
if (argument !== undefined) process.exit(await instead(argument, rest));

const { settings, policy } = await understood();
const log = createLog("swarmnfs-server", settings.log);
process.on("uncaughtException", (error) =>
  log.fatal({ err: error }, "an error nobody caught; going on"),
);
log.info({ version, buildId, data: settings.data }, "starting");
await refuseWhatIsMissing(settings, log);
try {
  await run();
} catch (error) {
  // Whoever asked us to stop waits for the end of that; what was being waited for has only been given up.
  if (stopping) await new Promise<never>(() => {});
  // Whoever started us tries again; the kernel goes on with what it was told.
  if (error instanceof UserError) log.fatal(error.message);
  else log.fatal({ err: error }, "the agent could not be started");
  process.exit(1);
}

async function run(): Promise<void> {
  const life = new AbortController();
  const address = new ServerAddress(settings);
  const metrics = new Metrics();
  const audit = auditKernel(log, (id) => server?.nodes.nameOf(id) ?? null);
  const nfs = new NfsService({
    settings,
    clock: systemClock,
    log,
    audit: (line) => {
      audit(line);
      if (line.event === "asked") metrics.asked(line.question.channel, line.answer !== null);
    },
  });
  let tls: NfsTls | null = null;
  const selfTest = newSelfTest(nfs, {
    address: () => address.look(),
    identity: async (from) => {
      if (tls === null) return null;
      nameAddress(from, log);
      return tls.client();
    },
  });
  let server: Server | null = null;
  let observer: Observer | null = null;
  let isServing = false;
  const problems = (): Problem[] | null => (isServing ? (observer?.problems() ?? null) : null);
  await beginTelling(
    { settings, address, problems, clock: systemClock, monotonic, log },
    life.signal,
  );
  await patiently(() => nfs.root.open(), "the root of all exports", log);
  const storage = openDataDisk(settings, log);
  const known = await KnownStorage.open("/var/lib/swarmnfs/storage.json", log);
  const world: World = {
    settings,
    policy,
    storage,
    knownId: known.id,
    exports: new ProvedExports(
      nfs.exports,
      () => selfTest,
      (caller) => {
        if (settings.tls) nameAddress(caller, log);
      },
    ),
    clients: new ProcNfsClients(),
    isolation: mechanism,
    quota: async () => (await systemQuotas(await realpath(settings.data))).kind,
    address: () => address.look(),
    config: () => configView(settings, policy, process.env),
    notes: () => observer?.checks.report().reasons ?? [],
    events: metrics,
    clock: systemClock,
    monotonic,
    log,
  };
  const made = await patiently(() => assemble(world), "the data disk", log);
  server = made;
  await known.remember(made.id);
  const { authority } = made.nodes;
  tls = settings.tls ? new NfsTls({ tlshd: nfs.tlshd, authority, log }) : null;
  const serve = async (at: string): Promise<void> => {
    selfTest.demandIsolation();
    await tls?.serve(at);
    await nfs.serve(at, made.id);
  };
  const firewall = settings.firewall ? newFirewall() : null;
  const watched = new Observer({
    server: made,
    storage,
    address,
    nfsd: nfs.nfsd,
    serve,
    nfsdcld: nfs.nfsdcld,
    root: nfs.root,
    data: await realpath(settings.data),
    exports: nfs.exports,
    firewall,
    selfTest,
    mountinfo: () => readFile("/proc/self/mountinfo", "utf8"),
    counters: readCounters,
    metrics,
    clock: systemClock,
    monotonic,
    log,
  });
  observer = watched;

  const shared = {
    gatekeeper: new Gatekeeper(usualLimits, monotonic),
    replays: new Replays(monotonic),
    observations: watched,
    log,
  };
  const operations = watched.measure(made.operations);
  const api = (door: Door): ReturnType<typeof createControlApi> =>
    createControlApi(operations, { ...shared, door });
  const listener = new Listener(api(networkDoor(made.nodes)), {
    authority,
    port: settings.controlPort,
    log,
  });
  const admin = new AdminSocket(api(adminDoor));
  stopOnSignal(async () => {
    life.abort();
    const doors = [listener.close(), admin.close(), firewall?.remove()];
    await Promise.allSettled([...doors, made.stop()]);
    nfs.leave();
  });

  if (settings.metrics !== null)
    void serveMetrics(settings.metrics, () => watched.metrics(), log, life.signal);
  // Administrators can look and act while the address is still to come.
  await admin.listen();
  const at = await address.appears(life.signal, (reason) => log.warn(reason));
  await firewall?.round(at);
  await patiently(() => nfs.nfsdcld.start(), "nfsdcld", log);
  await patiently(() => serve(at), "the kernel's NFS server", log);
  // Nobody is answered until it is known that the answers hold. Who asks meanwhile waits.
  const { state } = await selfTest.run();
  if (state !== "failed") await nfs.exports.begin();
  tls?.begin(life.signal);
  made.begin();
  watched.begin(life.signal);
  beginReporting({ settings, policy, storage, server: made, log }, life.signal);
  await listener.listen(at);
  isServing = true;
  if (state !== "failed") log.info({ address: at, leases: made.leases.list().length }, "ready");
  await address.follow(move, life.signal, (error) =>
    log.error({ err: error }, "the new address cannot be served yet"),
  );

  async function move(to: string, before: string | null): Promise<void> {
    log.warn({ before, address: to }, "the address has changed");
    await firewall?.round(to);
    await serve(to);
    await listener.listen(to);
  }
}

/** What the container can do instead of serving. Answers the exit code. */
async function instead(command: string, args: readonly string[]): Promise<number> {
  if (command === "print-config") return printConfig(process.env, args, { write: print });
  process.stderr.write(
    `"${command}" is not known here. Without arguments the storage node is started; print-config shows what it would understand of its settings\n`,
  );
  return cannotWork;
}

function print(text: string): void {
  process.stdout.write(text);
}

async function understood(): Promise<{ settings: ServerSettings; policy: Policy }> {
  try {
    const found = parseSettings(process.env);
    return { settings: found, policy: await loadPolicy(found) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(cannotWork);
  }
}

async function refuseWhatIsMissing({ data, tls }: ServerSettings, told: Log): Promise<void> {
  const missing = [...(await missingRequirements(data)), ...(tls ? await missingForTls() : [])];
  for (const { message } of missing) told.fatal(message);
  if (missing.length > 0) process.exit(cannotWork);
}

function newSelfTest(
  nfs: NfsService,
  where: Required<Pick<SelfTestParts, "address" | "identity">>,
): SelfTest {
  return new SelfTest({
    exports: new OwnExports({ tables: nfs.tables, showcase: nfs.root, clock: systemClock }),
    scratch: () => openScratch(settings.data),
    disk: () => diskAt(settings.data),
    ...where,
    port: settings.nfsPort,
    mechanism,
    stopServing: () => nfs.nfsd.stop(),
    clock: systemClock,
    log,
  });
}

function newFirewall(): Firewall {
  const { nfsPort, controlPort, metrics } = settings;
  const ports = [nfsPort, controlPort, ...(metrics === null ? [] : [metrics.port])];
  return new Firewall(settings.allowedHosts, ports, {
    filter: systemFilter,
    lookup: systemLookup,
    // For a DNS that starts after us, or never.
    memory: new AddressFile(join(settings.data, ".swarmnfs", "server", "allowed-hosts.json")),
    clock: systemClock,
  });
}

function stopOnSignal(stop: () => Promise<void>): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      stopping = true;
      log.info({ signal }, "stopping");
      setTimeout(() => process.exit(0), stopBoundMs).unref();
      void stop().then(() => process.exit(0));
    });
  }
}
