import test from "ava";
import { pino } from "pino";
import { auditKernel } from "../../../nfs-server/health/audit.ts";

test("each question of the kernel is a line: who wanted what, and whether it got it", (t) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { base: null, timestamp: false, level: "debug" },
    { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const audit = auditKernel(log, (client) => (client === "id-1" ? "node1" : null));
  const event = "asked";
  audit({
    question: { channel: "auth.unix.ip", service: "nfsd", address: "10.0.0.1" },
    answer: "id-1",
    event,
    refusal: null,
  });
  audit({
    question: { channel: "auth.unix.ip", service: "nfsd", address: "10.0.0.66" },
    answer: null,
    event,
    refusal: null,
  });
  audit({
    question: { channel: "nfsd.export", client: "id-1", path: "/exports/shop" },
    answer: null,
    event,
    refusal: null,
  });
  audit({
    question: { channel: "nfsd.fh", client: "id-1", fsidType: 1, fsid: "07000000" },
    answer: "/exports/blog",
    event: "told",
    refusal: null,
  });
  audit({
    question: { channel: "nfsd.fh", client: "id-1", fsidType: 1, fsid: "07000000" },
    answer: "/exports/blog",
    event,
    refusal: "EINVAL",
  });
  t.like(lines[0], {
    level: 30,
    channel: "auth.unix.ip",
    address: "10.0.0.1",
    node: "node1",
    answer: "yes",
  });
  t.like(lines[1], { level: 40, address: "10.0.0.66", node: null, answer: "no" });
  t.like(lines[2], { level: 40, node: "node1", path: "/exports/shop", answer: "no" });
  t.like(lines[3], { level: 20, node: "node1", fsid: "07000000" });
  t.like(lines[4], { level: 50, refusal: "EINVAL" });
  for (const line of lines) t.is(line["audit"], "kernel");
});
