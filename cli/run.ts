import type { Clock } from "../service/clock.ts";
import { UserError } from "../service/user-error.ts";
import { backupSocket } from "../storage/backup/verbs.ts";
import { type Invocation, understand } from "./arguments.ts";
import { BackupClient } from "./backup-client.ts";
import type { ExitCode } from "./call.ts";
import { chooseTopic } from "./choose.ts";
import { commands } from "./command.ts";
import { helpData, showHelp } from "./help.ts";
import { Moments } from "./moments.ts";
import type { Person } from "./person.ts";
import { PluginClient, PluginFailure, requestLimits } from "./plugin-client.ts";
import { findPluginSocket, hasPlugin, isSocket } from "./plugin-socket.ts";
import { PluginWorksClient } from "./plugin-works.ts";
import { Progress } from "./progress.ts";
import { Screen } from "./screen.ts";
import { ServerClient, serverSocket } from "./server-client.ts";
import { containerStart } from "./server-start.ts";
import { StepBar } from "./step-bar.ts";
import { elsewhere, StorageSide } from "./storage-side.ts";
import { detectTerminal, type Shown } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { WorkBar } from "./work-bar.ts";

interface Output extends Shown {
  /** `written` is called when there is room for more. */
  write(text: string | Uint8Array, written?: () => void): unknown;
}

/** Everything outside that the command touches. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly person: Person;
  readonly clock: Clock;
  readonly isRoot: boolean;
  /** Where plugins' sockets are looked for. */
  readonly pluginsDirectory: string;
  /** Of the storage server; where it usually is unless a test has another. */
  readonly serverSocket?: string;
  /** Of the backup service, in the same way. */
  readonly backupSocket?: string;
  /** Milliseconds; the real ones unless a test is in a hurry. */
  readonly limits?: { readonly doctor: number; readonly other: number };
  readonly patienceMs?: number;
}

/** One call of `swarmnfs`. Never rejects: what goes wrong is said on the standard error and in the exit code. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { environment, stdout, stderr } = surroundings;
  const screen = new Screen(detectTerminal(stdout, environment), (text) => stdout.write(text));
  const aside = new Screen(detectTerminal(stderr, environment), (text) => stderr.write(text));
  try {
    const request = understand(argv, commands);
    if (request.kind === "run") return await runCommand(request, screen, aside, surroundings);
    const topic = chooseTopic(request.words, commands);
    if (argv.includes("--json")) screen.json(helpData(topic, commands));
    else showHelp(topic, commands, screen);
    return 0;
  } catch (error) {
    return reportError(error, aside, argv.includes("--json"));
  }
}

async function runCommand(
  { command, operands, options, socket }: Invocation,
  screen: Screen,
  aside: Screen,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const {
    clock,
    environment,
    isRoot,
    limits,
    patienceMs,
    person,
    pluginsDirectory,
    stderr,
    stdout,
  } = surroundings;
  const given = socket ?? (environment["SWARMNFS_SOCKET"] || null);
  const progress = new Progress(aside.terminal, (text) => stderr.write(text), patienceMs);
  const ofServer = surroundings.serverSocket ?? serverSocket;
  const server = new ServerClient(
    socket ?? ofServer,
    progress,
    (limits ?? requestLimits).other,
    clock,
  );
  const searcher = { directory: pluginsDirectory, isRoot };
  const findSocket = (): Promise<string> =>
    given === null ? findPluginSocket(searcher) : Promise.resolve(given);
  const ofPlugin = new PluginClient({
    findSocket,
    isRoot,
    progress,
    limits: limits ?? requestLimits,
  });
  const backup = new BackupClient({
    path: socket ?? surroundings.backupSocket ?? backupSocket,
    progress,
    bar: new WorkBar(aside, (text) => stderr.write(text), options.json),
    note: (text) => aside.paragraph(text),
    bytes: (chunk) => new Promise((resolve) => void stdout.write(chunk, resolve)),
  });
  // In the server's container there is no plugin, and all that plugins do about volumes the server itself does.
  const isOnServer =
    given === null &&
    !(await hasPlugin(searcher)) &&
    ((await isSocket(ofServer)) || (await containerStart(ofServer)) !== null);
  const plugin = isOnServer ? new StorageSide(server, clock) : ofPlugin;
  const works = isOnServer
    ? { follow: () => Promise.reject(elsewhere("measuring")) }
    : new PluginWorksClient(findSocket, isRoot);
  const moments = new Moments(clock, screen.terminal);
  return command.run({
    operands,
    options,
    screen,
    aside,
    moments,
    plugin,
    works,
    steps: new StepBar(aside, (text) => stderr.write(text), options.json),
    bar: new WorkBar(aside, (text) => stderr.write(text), options.json),
    server,
    backup,
    person,
  });
}

function reportError(error: unknown, aside: Screen, json: boolean): ExitCode {
  const { code, message, help } = describe(error);
  if (json) {
    aside.json({ error: { code, message } });
  } else {
    aside.paragraph(`swarmnfs: ${message}`, "  ", []);
    if (help !== null) aside.line(`  See: ${help}`);
  }
  return code === "invalid" ? 2 : 1;
}

function describe(error: unknown): { code: string; message: string; help: string | null } {
  if (error instanceof UsageError) {
    return {
      code: "invalid",
      message: error.message,
      help: ["swarmnfs", error.topic, "--help"].filter(Boolean).join(" "),
    };
  }
  if (error instanceof PluginFailure && error.code === "internal") {
    return {
      code: error.code,
      message: `the plugin made a mistake: ${error.message}. It is not yours; its log says more: journalctl -u docker`,
      help: null,
    };
  }
  if (error instanceof UserError || error instanceof PluginFailure) {
    return { code: error.code, message: error.message, help: null };
  }
  return {
    code: "internal",
    message: `this command made a mistake (${String(error)}). It is not yours; please report it with what you typed.`,
    help: null,
  };
}
