import type { ExecutionContext } from "ava";
import { run, type Surroundings } from "../../cli/run.ts";
import type { Commands } from "../../backup-sidecar/control/commands.ts";
import { backupCommands, startFakeBackup } from "./fake-backup.ts";
import { type Answers, type FakePlugin, startFakePlugin } from "./fake-plugin.ts";
import { type FakeServer, type ServerAnswers, startFakeServer } from "./fake-server.ts";
import { serverAnswers } from "./storage-server.ts";
import { answers as everything, now } from "./world.ts";

export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface Setting {
  /** A terminal of so many columns; absent: a pipe. */
  readonly columns?: number;
  readonly environment?: NodeJS.ProcessEnv;
  readonly answers?: Answers;
  /** What the storage server answers. */
  readonly server?: ServerAnswers;
  /** What the backup service does, where it differs. */
  readonly backup?: Partial<Commands>;
  /** What the person at the terminal types when asked; absent: nobody is there. */
  readonly typed?: string;
  readonly surroundings?: Partial<Surroundings>;
}

/** A terminal that shows UTF-8, without colours unless a test wants them. */
export const utf8 = { TERM: "xterm-256color", LANG: "C.UTF-8", NO_COLOR: "1" };

/** Calls `swarmnfs` with a fake plugin at the other end of a real socket. */
export async function speak(
  t: ExecutionContext,
  argv: readonly string[],
  setting: Setting = {},
): Promise<Said & { plugin: FakePlugin; server: FakeServer; asked: string[] }> {
  const plugin = await startFakePlugin(t, setting.answers ?? everything);
  const server = await startFakeServer(t, plugin.directory, setting.server ?? serverAnswers);
  const backup =
    argv[0] === "backup"
      ? await startFakeBackup(t, plugin.directory, { ...backupCommands, ...setting.backup })
      : null;
  const said = { out: "", err: "" };
  const asked: string[] = [];
  const stream = (to: "out" | "err") => ({
    isTTY: setting.columns !== undefined,
    columns: setting.columns ?? 80,
    write: (text: string | Uint8Array, written?: () => void) => {
      said[to] += typeof text === "string" ? text : Buffer.from(text).toString();
      written?.();
    },
  });
  const exit = await run(argv, {
    environment: setting.environment ?? utf8,
    stdout: stream("out"),
    stderr: stream("err"),
    person: {
      present: setting.typed !== undefined,
      ask: (question) => {
        asked.push(question);
        return Promise.resolve(setting.typed ?? "");
      },
    },
    clock: { now: () => now },
    isRoot: true,
    pluginsDirectory: plugin.directory,
    // On most machines there is none.
    serverSocket: argv.includes("server") ? server.socket : "/nowhere/server.sock",
    ...(backup && { backupSocket: backup }),
    // Only tests of waiting show what is waited for, however slow the machine is.
    patienceMs: 60_000,
    ...setting.surroundings,
  });
  return { exit, ...said, plugin, server, asked };
}
