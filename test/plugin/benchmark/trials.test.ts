import test from "ava";
import { judge } from "../../../plugin/benchmark/trials.ts";
import type { BenchFigure, BenchValue } from "../../../storage/bench-report.ts";

const candidate = { option: "noatime", mountOptions: ["noexec", "noatime"], costs: "little" };
const slow = [100, 101, 102, 103, 104];
const fast = slow.map((each) => each * 2);

function value(rounds: readonly number[]): BenchValue {
  return {
    rounds,
    median: rounds[2] ?? 0,
    bytesPerSecond: 0,
    iops: 0,
    p50: null,
    p99: null,
  };
}

function figure(id: string, volume: readonly number[], option: readonly number[]): BenchFigure {
  return {
    id,
    profile: "web",
    what: id,
    unit: "1/s",
    values: { volume: value(volume), "option-1": value(option) },
  };
}

function verdict(...figures: readonly BenchFigure[]): string {
  return judge(candidate, "option-1", figures, "db").verdict;
}

test("an option is worth it if something is faster and nothing slower", (t) => {
  const judged = judge(
    candidate,
    "option-1",
    [figure("a", slow, fast), figure("b", slow, slow)],
    "db",
  );
  t.is(judged.verdict, "worth it");
  t.deepEqual(judged.changes, [
    { figure: "a", what: "a", unit: "1/s", before: 102, after: 204, ratio: 2 },
  ]);
  t.is(judged.command, "swarmnfs volumes set db mount-options=noexec,noatime");
});

test("else it is mixed, slower or no different", (t) => {
  t.is(verdict(figure("a", slow, fast), figure("b", fast, slow)), "mixed");
  t.is(verdict(figure("a", fast, slow)), "slower");
  t.is(verdict(figure("a", slow, slow)), "no difference");
});
