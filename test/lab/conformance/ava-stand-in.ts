import { deepStrictEqual, match, ok, strictEqual } from "node:assert";
import process from "node:process";

/**
 * Stands for ava where the conformance suite runs in a machine of the lab, which has nothing but Node: bundled in its
 * place, it does what the suite asks of it. One line a test goes to stdout; what was wrong follows it.
 */
interface Test {
  readonly title: string;
  readonly work: (t: Context) => Promise<void>;
}

interface Expected {
  readonly code?: string;
  readonly message?: RegExp | string;
}

const tests: Test[] = [];

class Context {
  readonly #undo: (() => unknown)[] = [];
  limitMs = 60_000;

  readonly is = strictEqual;
  readonly deepEqual = deepStrictEqual;
  readonly true = (value: unknown, what?: string): void => strictEqual(value, true, what);
  readonly false = (value: unknown, what?: string): void => strictEqual(value, false, what);
  readonly truthy = ok;

  timeout(ms: number): void {
    this.limitMs = ms;
  }

  teardown(undo: () => unknown): void {
    this.#undo.unshift(undo);
  }

  /** As ava's: `part` may be deep, and is compared as far as it says something. */
  like(value: unknown, part: object, place = ""): void {
    ok(typeof value === "object" && value !== null, `${place} is no object`);
    for (const [key, expected] of Object.entries(part)) {
      const found: unknown = Reflect.get(value, key);
      const deeper = `${place}.${key}`;
      if (typeof expected === "object" && expected !== null && !Array.isArray(expected))
        this.like(found, expected, deeper);
      else deepStrictEqual(found, expected, deeper);
    }
  }

  async notThrowsAsync(work: Promise<unknown>): Promise<void> {
    await work;
  }

  async throwsAsync(
    work: Promise<unknown> | (() => Promise<unknown>),
    { code, message }: Expected = {},
  ): Promise<unknown> {
    let thrown: unknown = null;
    try {
      await (typeof work === "function" ? work() : work);
    } catch (error) {
      thrown = error;
    }
    ok(thrown instanceof Error, "it was expected to throw, and did not");
    if (code !== undefined) strictEqual(Reflect.get(thrown, "code"), code, thrown.message);
    if (message instanceof RegExp) match(thrown.message, message);
    else if (message !== undefined) strictEqual(thrown.message, message);
    return thrown;
  }

  async end(): Promise<void> {
    for (const undo of this.#undo.splice(0)) await undo();
  }
}

/** The tests run one after the other, however they were declared. */
function test(title: string, work: Test["work"]): void {
  tests.push({ title, work });
}
test.serial = test;

/** Runs what was declared; the process ends with 1 if something failed. Tests may take `slowness` times their time. */
export async function run(slowness: number): Promise<void> {
  for (const { title, work } of tests) {
    const began = performance.now();
    const failure = await outcome(work, slowness);
    const took = `(${((performance.now() - began) / 1000).toFixed(1)} s)`;
    process.stdout.write(`${failure === null ? "ok" : "FAIL"}  ${title} ${took}\n`);
    if (failure === null) continue;
    process.stdout.write(`${failure}\n`);
    process.exitCode = 1;
  }
  process.stdout.write(`${tests.length} tests\n`);
}

async function outcome(work: Test["work"], slowness: number): Promise<string | null> {
  const t = new Context();
  const late = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | null = null;
  try {
    const done = work(t); // says its limit before it first waits
    timer = setTimeout(() => late.reject(new Error("it took too long")), t.limitMs * slowness);
    await Promise.race([done, late.promise]);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    clearTimeout(timer ?? undefined);
    await t.end();
  }
}

// oxlint-disable-next-line import/no-default-export -- ava's own way
export default test;
