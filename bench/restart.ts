import { Connection } from "./connection.ts";
import { progress } from "./progress.ts";
import { below, type Row } from "./row.ts";
import { median } from "./sample.ts";
import type { Subject } from "./subject.ts";

const repetitions = 3;

interface Start {
  /** Milliseconds from the start of the process. */
  readonly listens: number;
  readonly answers: number;
}

/** How long plugins that know `volumes` volumes take to listen and to answer Get for one of them. */
export async function measureRestart(
  ours: () => Promise<Subject>,
  other: () => Promise<Subject>,
  volumes: number,
): Promise<Row[]> {
  progress(`${volumes.toLocaleString("en")} volumes: starting again`);
  const starts: [Start[], Start[]] = [[], []];
  let name = "";
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    starts[0].push(await measureStart(ours, volumes));
    starts[1].push(await measureStart(other, volumes, (subject) => (name = subject.name)));
  }
  const row = (what: string, value: (start: Start) => number): Row => {
    const [mine, theirs] = starts.map((all) => median(all.map(value)));
    return {
      what: `start with ${volumes.toLocaleString("en")} volumes until ${what}`,
      unit: "ms",
      swarmnfs: { median: mine! },
      other: { name, median: theirs! },
      ratio: mine! / theirs!,
      goals: [],
    };
  };
  const listens = row("it listens", (start) => start.listens);
  listens.goals.push(below("", listens.swarmnfs?.median ?? Number.NaN, 1_000, " ms"));
  return [listens, row("Get is answered", (start) => start.answers)];
}

async function measureStart(
  start: () => Promise<Subject>,
  volumes: number,
  look: (subject: Subject) => void = () => undefined,
): Promise<Start> {
  const begun = performance.now();
  const subject = await start();
  const listens = performance.now() - begun;
  look(subject);
  try {
    const connection = await Connection.open(subject.socket);
    await connection.call("Get", { Name: `v${volumes - 1}` });
    const answers = performance.now() - begun;
    connection.close();
    return { listens, answers };
  } finally {
    await subject.stop();
  }
}
