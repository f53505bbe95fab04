import { execa } from "execa";

/** How a command ended, whether well or not. */
export interface Outcome {
  /** -1 when a signal or a deadline ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A file to read from. */
  readonly inputFile?: string;
  /** Milliseconds; without it a command may take for ever. */
  readonly timeout?: number;
}

/** Runs a command to its end. Rejects only if it cannot be started. */
export async function outcomeOf(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const { exitCode, stdout, stderr, cause } = await execa(command, args, {
    ...options,
    // Nobody is there to be asked.
    ...(options.inputFile === undefined && { stdin: "ignore" as const }),
    reject: false,
    // A command that ran into its deadline may have children that keep the pipes open.
    killDescendants: true,
  });
  if (exitCode === undefined && cause !== undefined)
    throw new Error(`${command} cannot be run`, { cause });
  return { exitCode: exitCode ?? -1, stdout, stderr };
}
