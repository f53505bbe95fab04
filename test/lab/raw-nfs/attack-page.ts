import type { Report } from "./errand.ts";
import { lootOf, type Deed } from "./loot.ts";

/** A thief's errand against one server and file system: a column of the table. */
export interface Raid {
  /** `plain export, ext4` */
  readonly against: string;
  readonly report: Report;
  readonly fileName: string;
  readonly secret: string;
}

/** An attack that is told in a sentence. */
export interface Case {
  readonly attack: string;
  readonly against: string;
  readonly outcome: string;
}

/** What a run of the suite has seen. */
export interface Run {
  /** Where and when, in a sentence. */
  readonly of: string;
  readonly raids: readonly Raid[];
  readonly cases: readonly Case[];
}

const head = `# Attacks

What the lab suite tries to get at a volume that a node was not granted, and what came of it. Written by
\`test/lab/attacks.test.ts\`; do not edit. What it means is in [security](security.md).

The thief is an NFS client of our own: it makes file handles by hand, claims every user id, and knows of its victim what only
an administrator could tell it: inode numbers, generations, file system ids. A cell says what it could do as any of these
users, or how it was refused. Against a plain export, as everybody makes them, it must succeed, or the table proves nothing.
`;

/** docs/attacks.md. */
export function attackPage({ of, raids, cases }: Run): string {
  const rows = new Set(raids.flatMap(({ report }) => report.attempts.map(({ by }) => group(by))));
  const parts = [head, `${of}\n`];
  if (rows.size > 0) {
    const cells = Array.from(rows, (row) => [row].concat(raids.map((raid) => cell(raid, row))));
    parts.push(table(["attack", ...raids.map(({ against }) => against)], cells));
  }
  if (cases.length > 0) {
    const cells = cases.map(({ attack, against, outcome }) => [attack, against, outcome]);
    parts.push(table(["attack", "against", "outcome"], cells));
  }
  return parts.join("\n");
}

/** File handles that differ in nothing but how they name the file are one attack. */
function group(by: string): string {
  return by.replace(/ by .*/, "");
}

function cell({ report, fileName, secret }: Raid, row: string): string {
  const attempts = report.attempts.filter(({ by }) => group(by) === row);
  const loot = lootOf({ refused: null, attempts }, fileName, secret);
  const deeds = new Set(Array.from(loot.values(), (each) => Array.from(each)).flat());
  const all: readonly Deed[] = ["listed", "read", "written"];
  if (deeds.size > 0) return `**${all.filter((each) => deeds.has(each)).join(", ")}**`;
  if (attempts.length === 0) return report.refused ?? "–";
  const refusals = new Set(attempts.map(({ refused }) => refused ?? "nothing of the victim's"));
  return [...refusals].join("; ");
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return `${[line(columns), `|${"---|".repeat(columns.length)}`, ...rows.map(line)].join("\n")}\n`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(plain).join(" | ")} |`;
}

function plain(text: string): string {
  return text.replaceAll("|", String.raw`\|`).replaceAll("\n", " ");
}
