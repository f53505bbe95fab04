import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Outcome } from "../engine-box/outcome.ts";

/** Everything ssh needs to reach root on the machine behind a port of 127.0.0.1. */
export function sshArguments(keyFile: string, port: number): string[] {
  const options = {
    StrictHostKeyChecking: "no",
    UserKnownHostsFile: "/dev/null",
    LogLevel: "ERROR",
    BatchMode: "yes",
    ConnectTimeout: "10",
    // A machine that is frozen or gone ends the connection within a minute.
    ServerAliveInterval: "15",
    ServerAliveCountMax: "4",
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", "-i", keyFile, "-p", `${port}`, ...flags, "root@127.0.0.1"];
}

/**
 * One connection for all commands to a machine, which the first makes and which ends with the machine: logging in costs
 * an emulated one a second. Its socket is named from the machine's folder: a socket's whole path may be too long.
 */
const shared = [
  "-o",
  "ControlMaster=auto",
  "-o",
  "ControlPersist=yes",
  "-o",
  "ControlPath=ssh.sock",
];

/** How long a command may take, in milliseconds; without it, for ever. */
export interface Patience {
  readonly timeout?: number;
}

/**
 * Runs a shell script on the machine that has this folder. The exit code is the script's, 255 if the machine is not
 * reached, -1 if late; what is late goes on over there.
 */
export function overSsh(
  folder: string,
  arguments_: readonly string[],
  script: string,
  { timeout }: Patience = {},
): Promise<Outcome> {
  const child = spawn("ssh", [...shared, ...arguments_, script], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = gathered(child.stdout);
  const stderr = gathered(child.stderr);
  return new Promise((resolve, reject) => {
    const end = (exitCode: number): void => {
      clearTimeout(clock);
      resolve({ exitCode, stdout: stdout(), stderr: stderr() });
    };
    const giveUp = (): void => {
      child.kill("SIGKILL");
      // The shared connection has them as well, and keeps them open for as long as the machine is silent.
      child.stdout.destroy();
      child.stderr.destroy();
      end(-1);
    };
    const clock = timeout === undefined ? undefined : setTimeout(giveUp, timeout);
    child.on("error", reject);
    child.on("close", (code) => end(code ?? -1));
  });
}

/** What came out of a stream so far. */
function gathered(stream: Readable): () => string {
  const pieces: Buffer[] = [];
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  return () => Buffer.concat(pieces).toString();
}
