import type { Machine } from "../../lab/machine.ts";
import { eventually } from "./eventually.ts";

/** Counts in lines of the file, each on the disk of the server before it is said aloud. */
const acknowledgedLines = (file: string): string =>
  `n=0; while n=$((n+1)); do echo $n | dd of=${file} oflag=append conv=notrunc,fsync 2>/dev/null || exit 1; echo $n; done`;

/**
 * Runs the counting in the container until the machine's plug is pulled, after twenty lines at least; returns the last one said,
 * which the file must have, as `linesOf` counts.
 */
export async function countUntilPowerIsCut(
  machine: Machine,
  container: string,
  file: string,
  cut: () => Promise<unknown>,
): Promise<number> {
  const counting = machine.run(`docker exec ${container} sh -c '${acknowledgedLines(file)}'`, {
    timeout: 600_000,
  });
  await eventually(async () => {
    const { stdout } = await machine.run(`docker exec ${container} tail -n 1 ${file}`);
    return Number(stdout) > 20;
  }, "twenty lines are written");
  await cut();
  const { stdout } = await counting;
  return Number(stdout.trim().split("\n").at(-1));
}
