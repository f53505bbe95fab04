import { execa } from "execa";

/** Runs a command at low priority; throws with the end of what it said. */
export async function run(command: string, args: readonly string[]): Promise<void> {
  const { failed, all } = await execa("nice", ["-n", "10", command, ...args], {
    all: true,
    reject: false,
    stdin: "ignore",
  });
  if (failed)
    throw new Error(
      `${command} ${args[0]} failed: ${(all ?? "").split("\n").slice(-8).join("\n    ")}`,
    );
}
