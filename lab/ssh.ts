import { outcomeOf, type Outcome } from "../engine-box/outcome.ts";

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

/** Runs a shell script on the machine. The exit code is the script's, 255 if the machine is not reached, -1 if late. */
export function overSsh(
  keyFile: string,
  port: number,
  script: string,
  options: { readonly timeout?: number; readonly inputFile?: string } = {},
): Promise<Outcome> {
  return outcomeOf("ssh", [...sshArguments(keyFile, port), script], options);
}
