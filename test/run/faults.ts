import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { faultGroups } from "./fault-groups.ts";

/** One test whose title begins with the number of a fault. */
export interface FaultResult {
  readonly fault: number;
  readonly title: string;
  /** The name of the test's file, without its end. */
  readonly file: string;
  readonly passed: boolean;
}

const document = path.join(import.meta.dirname, "../../docs/faults.md");

/** What a line of TAP says of a fault, or null. Only suites of several files name the file, and only those are written. */
export function faultInTap(line: string): FaultResult | null {
  const match = /^(not )?ok \d+ - (?:.* › )?([^›]+) › fault (\d+): (.*?)(?: # .*)?$/.exec(line);
  if (match === null) return null;
  const [, not, file = "", fault, title = ""] = match;
  return { fault: Number(fault), title, file, passed: not === undefined };
}

/** Brings docs/faults.md up to date with the tests that ran; results of other files stay as they were. */
export async function writeFaults(results: readonly FaultResult[]): Promise<void> {
  if (results.length === 0) return;
  const before = readFaults(await readFile(document, "utf8").catch(() => ""));
  const ran = new Set(results.map(({ file }) => file));
  const text = faultsDocument([...before.filter(({ file }) => !ran.has(file)), ...results]);
  await writeFile(document, text);
}

/** The results in a document of {@link faultsDocument}. */
export function readFaults(text: string): FaultResult[] {
  const results: FaultResult[] = [];
  let fault = 0;
  for (const line of text.split("\n")) {
    const heading = /^### (\d+) /.exec(line);
    if (heading !== null) fault = Number(heading[1]);
    const result = /^- (✔|✘) (.*) \(`([^`]+)`\)$/.exec(line);
    if (result === null) continue;
    const [, mark, title = "", file = ""] = result;
    results.push({ fault, title, file, passed: mark === "✔" });
  }
  return results;
}

/** docs/faults.md: every fault, and what was seen of it. */
export function faultsDocument(results: readonly FaultResult[]): string {
  const failed = results.filter(({ passed }) => !passed).length;
  const lines = [
    "# What goes wrong with backups, and what happens then",
    "",
    "Written by `make test` and `make soak` from their results; do not edit. Each line is a test with a real restic that ran; in",
    "brackets is its file below `test/`. ✔ passed, ✘ failed.",
    "",
    `${results.length} tests, ${failed === 0 ? "all passed" : `${failed} failed`}.`,
  ];
  for (const { heading, from, names } of faultGroups) {
    lines.push("", `## ${heading}`);
    for (const [index, name] of names.entries()) {
      const own = results.filter(({ fault }) => fault === from + index);
      const sorted = own.toSorted((a, b) =>
        compare(`${a.file} ${a.title}`, `${b.file} ${b.title}`),
      );
      const told = sorted.map(
        ({ passed, title, file }) => `- ${passed ? "✔" : "✘"} ${title} (\`${file}\`)`,
      );
      lines.push(
        "",
        `### ${from + index} ${name}`,
        "",
        ...(told.length > 0 ? told : ["Not tested yet."]),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
