import test from "ava";
import { parseCounters } from "../../../nfs-server/kernel/counters.ts";

test("the kernel's counters, of which stale handles are the first of the line fh", (t) => {
  const text =
    "rc 0 12 93\nfh 8 0 0 0 0\nio 8 135\nth 8 0 0.000 0.000\nnet 105 0 105 5\nrpc 263 5 0 5 0\n";
  t.deepEqual(parseCounters(text), {
    staleHandles: 8,
    readBytes: 8,
    writtenBytes: 135,
    threads: 8,
    calls: 263,
    badCalls: 5,
  });
  t.is(parseCounters("").staleHandles, 0);
});
