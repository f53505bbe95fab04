import { Callers, type Calls, type Request } from "./callers.ts";
import { Connection } from "./connection.ts";
import { progress } from "./progress.ts";
import { atMost, below, type Row } from "./row.ts";
import { joined, median, quantile } from "./sample.ts";
import type { Subject } from "./subject.ts";

const rounds = 8;
/** Volumes made before it is the other's turn; small, so that a busy moment of the machine meets both. */
const turn = 100;
const thousand = 1_000;

const list = (): Request => ({ verb: "List", body: {} });

interface Caller {
  readonly subject: Subject;
  readonly many: Callers;
  /** Milliseconds of every Create so far, and what a volume cost in each turn: its time divided by its volumes. */
  readonly creates: Float64Array[];
  readonly costs: number[];
}

/** `Create`, `Get` and `List` with growing numbers of volumes, ours and the other's turn by turn. */
export async function measureCalls(
  startOurs: () => Promise<Subject>,
  startOther: () => Promise<Subject>,
  sizes: readonly number[],
  concurrency: number,
): Promise<Row[]> {
  const ours = await callerOf(await startOurs(), concurrency);
  const other = await callerOf(await startOther(), concurrency);
  const pair = [ours, other] as const;
  const rows: Row[] = [];
  let made = 0;
  for (const size of sizes) {
    progress(`${size.toLocaleString("en")} volumes: Create by ${concurrency} callers`);
    await create(pair, made, size);
    rows.push(createRow(pair, made, size, concurrency));
    made = size;
    progress(`${size.toLocaleString("en")} volumes: Get and List`);
    for (const { subject } of pair) await expectVolumes(subject, size);
    rows.push(...(await measureReads(pair, size, concurrency, size === Math.max(...sizes))));
  }
  if (made >= 2 * thousand) rows.push(...costRows(pair));
  for (const { many, subject } of pair) {
    many.close();
    await subject.stop();
  }
  return rows;
}

async function callerOf(subject: Subject, concurrency: number): Promise<Caller> {
  return {
    subject,
    many: await Callers.open(subject.socket, concurrency),
    creates: [],
    costs: [],
  };
}

async function create(pair: readonly Caller[], from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += turn) {
    const count = Math.min(turn, to - first);
    for (const { subject, many, creates, costs } of pair) {
      const { each, total } = await many.run(count, (index) => ({
        verb: "Create",
        body: { Name: nameOf(first + index), Opts: subject.options(first + index) },
      }));
      creates.push(each);
      costs.push(total / count);
    }
  }
}

function createRow(
  pair: readonly [Caller, Caller],
  from: number,
  to: number,
  callers: number,
): Row {
  const [ours, theirs] = pair.map(({ creates }) =>
    joined(creates.slice(Math.floor(from / turn), Math.ceil(to / turn))),
  );
  const what = `Create, volumes ${from.toLocaleString("en")} to ${to.toLocaleString("en")}, ${callers} callers`;
  return compared(what, ours!, theirs!, pair[1].subject.name);
}

async function measureReads(
  pair: readonly [Caller, Caller],
  size: number,
  concurrency: number,
  isGoal: boolean,
): Promise<Row[]> {
  const other = pair[1].subject.name;
  const get = (index: number): Request => ({
    verb: "Get",
    // A prime step: neighbouring calls are for volumes far from each other.
    body: { Name: nameOf((index * 7919) % size) },
  });
  // So many lists that their bodies add up to the same for every size.
  const lists = Math.max(concurrency, Math.round((concurrency * thousand) / size));

  await turns(pair, ({ many }) => many.run(4_000, get), 3); // warm up
  const [gets, theirGets] = await turns(pair, ({ many }) => many.run(4_000, get), rounds);
  const [allLists, theirLists] = await turns(pair, ({ many }) => many.run(lists, list), 3);
  const alone = (count: number, request: (index: number) => Request) =>
    turns(pair, ({ subject }) => callAlone(subject, count, request), rounds);
  const [oneGets, theirOneGets] = await alone(500, get);
  const [oneLists, theirOneLists] = await alone(5, list);

  const volumes = `${size.toLocaleString("en")} volumes`;
  const many = `${concurrency} callers`;
  const rows = [
    compared(`Get, ${volumes}, ${many}`, gets, theirGets, other),
    compared(`Get, ${volumes}, 1 caller`, oneGets, theirOneGets, other),
    compared(`List, ${volumes}, ${many}`, allLists, theirLists, other),
    compared(`List, ${volumes}, 1 caller`, oneLists, theirOneLists, other),
  ];
  if (!isGoal) return rows;
  rows[0]?.goals.push(below("p99", quantile(gets, 0.99), 5, " ms"));
  rows[3]?.goals.push(below("median", median(oneLists), 150, " ms"));
  for (const { goals, ratio } of rows) goals.push(atMost("ratio", ratio ?? Number.NaN, 1));
  return rows;
}

/** Calls by one caller, who has just come: plugins close connections that nobody uses for long. */
async function callAlone(
  subject: Subject,
  count: number,
  request: (index: number) => Request,
): Promise<Calls> {
  const caller = await Callers.open(subject.socket, 1);
  const calls = await caller.run(count, request);
  caller.close();
  return calls;
}

/** What is measured must be what it is thought to be. */
async function expectVolumes(subject: Subject, size: number): Promise<void> {
  const connection = await Connection.open(subject.socket);
  const answer = JSON.parse((await connection.call("List", {})).toString()) as {
    readonly Volumes: readonly unknown[];
  };
  connection.close();
  if (answer.Volumes.length !== size)
    throw new Error(`${subject.name} lists ${answer.Volumes.length} volumes instead of ${size}`);
}

/** Runs `calls` for ours and the other in turn, beginning with another one each time. */
async function turns(
  pair: readonly [Caller, Caller],
  calls: (caller: Caller) => Promise<Calls>,
  count: number,
): Promise<[Float64Array, Float64Array]> {
  const samples: [Float64Array[], Float64Array[]] = [[], []];
  for (let round = 0; round < count; round += 1) {
    for (const which of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
      samples[which].push((await calls(pair[which])).each);
  }
  return [joined(samples[0]), joined(samples[1])];
}

/** What a volume costs when there are many, against the first ones. */
function costRows(pair: readonly [Caller, Caller]): Row[] {
  const [ours, theirs] = pair.map(({ costs }) => {
    const first = median(costs.slice(0, thousand / turn));
    return { first, last: median(costs.slice(-thousand / turn)) };
  });
  const other = pair[1].subject.name;
  const total = pair[0].costs.length * turn;
  const growth = ours!.last / ours!.first;
  return [
    against("cost of a volume, first thousand", ours!.first, theirs!.first, other),
    against(
      `cost of a volume, last of ${total.toLocaleString("en")}`,
      ours!.last,
      theirs!.last,
      other,
    ),
    {
      what: "the same, last thousand by first",
      unit: "×",
      swarmnfs: { median: growth },
      other: { name: other, median: theirs!.last / theirs!.first },
      ratio: null,
      goals: [atMost("growth", growth, 1.2)],
    },
  ];
}

function against(what: string, ours: number, theirs: number, name: string): Row {
  return {
    what,
    unit: "ms",
    swarmnfs: { median: ours },
    other: { name, median: theirs },
    ratio: ours / theirs,
    goals: [],
  };
}

function compared(what: string, ours: Float64Array, theirs: Float64Array, name: string): Row {
  const ratio = median(ours) / median(theirs);
  return {
    what,
    unit: "ms",
    swarmnfs: { median: median(ours), p99: quantile(ours, 0.99) },
    other: { name, median: median(theirs), p99: quantile(theirs, 0.99) },
    ratio,
    goals: [],
  };
}

function nameOf(index: number): string {
  return `v${index}`;
}
