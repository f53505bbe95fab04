import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { v7 as uuid } from "uuid";
import { dress } from "../directory/clone-file.ts";
import { cloneTree } from "../directory/clone-tree.ts";
import { compareTrees, type Comparison } from "../directory/compare-tree.ts";
import type { Directory } from "../directory/confined.ts";
import { ExtendedAttributes } from "../directory/extended-attributes.ts";
import { placed } from "../directory/file-trouble.ts";
import { countTree, deleteTree } from "../directory/tree.ts";
import { putInPlace } from "./put-in-place.ts";
import type { TransferProgress, TransferReport } from "./transfer-report.ts";
import { Workplace } from "./workplace.ts";

const { O_DIRECTORY, O_RDONLY } = constants;

/** Of so many earlier runs what they copied is taken over: each keeps a directory open at every level. */
const mostAttempts = 8;

/** Told how far it is, often. */
type Tell = (progress: TransferProgress) => void;

/**
 * Makes the empty directory `to` a copy of `from`, with owners, modes, times, hard links, extended attributes, ACLs and
 * holes, compares every byte, and only then lets it be seen there. May be ended at any point, by a power cut too, and begun
 * again: what is whole is not copied again. Never changes the source, nor anything in the target that it did not make.
 * `what` says what is copied, in words: another one does not go on with this one's work.
 */
export async function transfer(
  from: Directory,
  to: Directory,
  what: string,
  tell: Tell = () => undefined,
): Promise<TransferReport> {
  await using place = await Workplace.in(to, what);
  const { report: before, done } = await place.state();
  let report = before;
  if (!done && !(await isWhole(place))) {
    const id = uuid();
    await copy(from, place, id, tell);
    report = reportOf(await compare(from, place, id, tell));
    if (!report.whole) return report;
    await place.declareWhole(id, what, report);
  }
  if (report === null) throw new Error("something is whole that was never compared");
  await using whole = await place.whole();
  if (whole !== null) {
    await putInPlace(whole, to);
    await dressTop(from, to);
  }
  await place.leave(what, report);
  await stampTop(from, to);
  return report;
}

async function isWhole(place: Workplace): Promise<boolean> {
  await using whole = await place.whole();
  return whole !== null;
}

/** Takes over what an earlier run copied whole. */
async function copy(from: Directory, place: Workplace, id: string, tell: Tell): Promise<void> {
  const earlier = (await place.attempts()).toSorted().toReversed();
  await using target = await place.attempt(id);
  await using opened = new AsyncDisposableStack();
  const before: Directory[] = [];
  for (const name of earlier.slice(0, mostAttempts))
    before.push(opened.use(await place.folder.open(name)));
  let [bytes, files] = [0, 0];
  let total: number | null = null;
  const say = (): void => tell({ doing: "copying", bytes, total, files });
  const counting = countTree(from, () => undefined).then(
    (count) => (total = count.bytes),
    () => null, // how much it is nobody needs to know
  );
  const advance = async (more: number): Promise<void> => {
    bytes += more;
    if (more > 0) files += 1;
    say();
  };
  try {
    await cloneTree(from, target, advance, before);
  } finally {
    await counting;
  }
  for (const name of earlier) await deleteTree(place.folder, name, say);
}

async function compare(
  from: Directory,
  place: Workplace,
  id: string,
  tell: Tell,
): Promise<Comparison> {
  await using target = await place.reopen(id);
  const { bytes: total } = await countTree(from, () => undefined);
  let [bytes, files] = [0, 0];
  return await compareTrees(from, target, async (more) => {
    bytes += more;
    files += 1;
    tell({ doing: "comparing", bytes: Math.min(bytes, total), total, files });
  });
}

function reportOf({ files, bytes, differences, leftOut }: Comparison): TransferReport {
  return {
    whole: differences.count === 0,
    files,
    bytes,
    differences: { ...differences, first: [...differences.first] },
    leftOut: { ...leftOut, first: [...leftOut.first] },
  };
}

/** Taking the workplace away was a change of the top directory. */
async function stampTop(from: Directory, to: Directory): Promise<void> {
  const { atimeNs, mtimeNs } = await from.self();
  await fs.utimes(`${to.magicPath()}/.`, Number(atimeNs) / 1e9, Number(mtimeNs) / 1e9);
}

/** The top directory itself gets the owner, the mode, the attributes and the times of the source's. */
async function dressTop(from: Directory, to: Directory): Promise<void> {
  try {
    await using source = await fs.open(`${from.magicPath()}/.`, O_RDONLY | O_DIRECTORY);
    await using target = await fs.open(`${to.magicPath()}/.`, O_RDONLY | O_DIRECTORY);
    const attributes = await ExtendedAttributes.of(from.magicPath(), () => undefined);
    await dress(target, source, await source.stat({ bigint: true }), attributes);
  } catch (error) {
    throw placed(error, "");
  }
}
