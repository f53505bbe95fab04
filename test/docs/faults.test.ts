import test from "ava";
import { faultGroups } from "../run/fault-groups.ts";
import { faultInTap, faultsDocument, readFaults } from "../run/faults.ts";
import { read } from "./document.ts";

test("there are 48 faults, numbered without a gap", (t) => {
  let next = 1;
  for (const { from, names } of faultGroups) {
    t.is(from, next);
    next += names.length;
  }
  t.is(next, 49);
});

test("results of faults are read from TAP, others are not", (t) => {
  t.deepEqual(
    faultInTap(
      "ok 3 - backup-sidecar › repository › way-faults › fault 10: nothing leads, or › so # time",
    ),
    {
      fault: 10,
      title: "nothing leads, or › so",
      file: "way-faults",
      passed: true,
    },
  );
  t.like(faultInTap("not ok 4 - a › run › fault 7: it waits"), {
    fault: 7,
    file: "run",
    passed: false,
  });
  t.is(faultInTap("ok 5 - a › run › something else"), null);
  t.is(faultInTap("    reason: fault 7: it waits"), null);
});

test("docs/faults.md is as the suites write it", async (t) => {
  const text = await read("docs/faults.md");
  t.is(text, faultsDocument(readFaults(text)));
});

test("every fault of the way to the server has passed", async (t) => {
  const passed = new Set(
    readFaults(await read("docs/faults.md"))
      .filter((one) => one.passed)
      .map(({ fault }) => fault),
  );
  const transport = Array.from({ length: 17 }, (_, index) => index + 1);
  t.deepEqual(
    transport.filter((fault) => !passed.has(fault)),
    [],
  );
});
