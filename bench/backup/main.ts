// Measures a backup to WebDAV beside restic over rclone, an rclone mirror and a tarball, on the same files and the same
// server, in one run. Nothing here passes or fails by a number: machines differ; the ratios are what to look at.
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { openStorage } from "../../storage/open.ts";
import { parseOptions } from "../../storage/rules/options.ts";
import { progress } from "../progress.ts";
import { beginReport } from "../report.ts";
import { median } from "../sample.ts";
import { atMost, type Goal, type Row } from "../row.ts";
import { changeData, makeData, type Shape } from "./data.ts";
import { measured, type Taken } from "./measure.ts";
import { type CountedServer, startServer } from "./server.ts";
import { rcloneMirror, resticOverRclone, type Subject, swarmnfs, tarball } from "./subjects.ts";

const { values: asked } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    /** Of the amount of files; 1 is what goals are about. */
    scale: { type: "string", default: "1" },
    /** Without those that take many minutes. */
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const scale = Number(asked.scale);
const shapes: readonly Shape[] = [
  {
    name: "20,000 small, 5 large",
    small: Math.ceil(20_000 * scale),
    large: 5,
    largeMiB: Math.ceil(100 * scale),
  },
  { name: "100,000 small", small: Math.ceil(100_000 * scale), large: 0, largeMiB: 0 },
];
const actions = ["first", "unchanged", "1 % changed", "check", "restore"] as const;
type Action = (typeof actions)[number];
type Results = Map<string, Map<Action, Taken[]>>;

async function rounds(shape: Shape): Promise<Results> {
  const results: Results = new Map();
  for (let round = 1; round <= Number(asked.rounds); round += 1) {
    progress(`${shape.name}, round ${round} of ${asked.rounds}`);
    // What takes a quarter of an hour is measured once.
    await oneRound(shape, results, round === 1 && !asked.quick);
  }
  return results;
}

async function oneRound(shape: Shape, results: Results, others: boolean): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-bench-backup-"));
  // Apache works as somebody else.
  await chmod(folder, 0o755);
  await mkdir(path.join(folder, "server"));
  const server = await startServer(path.join(folder, "server"));
  try {
    const storage = path.join(folder, "storage");
    const source = await storageWith(storage);
    await makeData(source, shape);
    const subjects = [
      await swarmnfs(server, storage, path.join(folder, "ours")),
      await resticOverRclone(server, source, path.join(folder, "restic")),
      ...(others
        ? [
            await rcloneMirror(server, source, path.join(folder, "mirror")),
            await tarball(server, source, path.join(folder, "tar")),
          ]
        : []),
    ];
    for (const action of actions) {
      if (action === "1 % changed") await changeData(source, shape);
      for (const subject of subjects) await take(subject, action, server, folder, results);
    }
    for (const subject of subjects) await subject.stop();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function take(
  subject: Subject,
  action: Action,
  server: CountedServer,
  folder: string,
  results: Results,
): Promise<void> {
  const target = path.join(folder, "restored");
  const act = actOf(subject, action, target);
  if (act === null) return;
  progress(`${subject.name}: ${action}`);
  const taken = await measured(server, subject.folder, subject.pid, act);
  await rm(target, { recursive: true, force: true });
  const own = results.get(subject.name) ?? new Map<Action, Taken[]>();
  own.set(action, [...(own.get(action) ?? []), taken]);
  results.set(subject.name, own);
}

function actOf(subject: Subject, action: Action, target: string): (() => Promise<unknown>) | null {
  if (action === "check") return subject.check;
  return action === "restore" ? () => subject.restore(target) : () => subject.backup();
}

async function storageWith(folder: string): Promise<string> {
  await mkdir(folder);
  const storage = openStorage(`dir://${folder}`, { trashDays: 1 });
  await storage.open(null);
  const node = { id: "018f0000-0000-7000-8000-000000000001", name: "bench" };
  await storage.create({ name: "bench", options: parseOptions({ app: "bench" }) }, node);
  await storage.close();
  return path.join(folder, "apps/bench/bench");
}

function rowsOf(shape: Shape, results: Results): Row[] {
  const ours = results.get("swarmnfs");
  return [...results].flatMap(([name, theirs]) =>
    name === "swarmnfs"
      ? []
      : actions.flatMap((action) => {
          const one = ours?.get(action);
          const two = theirs.get(action);
          return one === undefined || two === undefined
            ? []
            : lines(`${shape.name}: ${action}`, action, name, one, two);
        }),
  );
}

const measures = [
  ["time", "s", "seconds"],
  ["requests", "requests", "requests"],
  ["memory", "MiB", "memory"],
  ["stored", "MiB", "stored"],
] as const;

function lines(
  what: string,
  action: Action,
  name: string,
  ours: readonly Taken[],
  theirs: readonly Taken[],
): Row[] {
  return measures.map(([word, unit, key]) => {
    const own = median(ours.map((taken) => taken[key]));
    const other = median(theirs.map((taken) => taken[key]));
    const ratio = own / other;
    return {
      what: `${what}, ${word}`,
      unit,
      swarmnfs: { median: own },
      other: { name, median: other },
      ratio,
      goals: name === "restic over rclone" ? goalsOf(action, word, ratio) : [],
    };
  });
}

/** As the project set them (ratios to restic over rclone). */
function goalsOf(action: Action, word: string, ratio: number): Goal[] {
  if (action === "check") return [];
  if (word === "time" || word === "memory") return [atMost("ratio", ratio, 1)];
  if (word === "requests") return [atMost("ratio", ratio, action === "restore" ? 0.6 : 0.9)];
  return [];
}

const report = beginReport();
const rows: Row[] = [];
for (const shape of shapes) rows.push(...rowsOf(shape, await rounds(shape)));
process.stdout.write(report(rows, asked.json, scale === 1 ? undefined : `scale ${scale}`));
