import process from "node:process";

/** The parts that somebody asked for, with commas between; ends with exit code 2 if there is none of such a name. */
export function checkedParts(asked: string, parts: readonly string[]): readonly string[] {
  const wanted = asked.split(",");
  const unknown = wanted.find((part) => !parts.includes(part));
  if (unknown === undefined) return wanted;
  process.stderr.write(`There is no part "${unknown}". Parts: ${parts.join(", ")}\n`);
  process.exit(2);
}
