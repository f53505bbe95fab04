import { readFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { connectionsOf, parseMountstats } from "../../../plugin/metrics/mountstats.ts";

const sample = await readFile(path.join(import.meta.dirname, "mountstats.txt"), "utf8");
const mounts = parseMountstats(sample);

test("file systems that are not NFS are left out, and the order is the table's", (t) => {
  t.deepEqual(
    mounts.map(({ mountPoint }) => mountPoint),
    ["/mnt/volumes/blog_data", "/mnt/volumes/two words"],
  );
});

test("bytes are told by who moved them: programs, past the cache, and the network", (t) => {
  t.deepEqual(mounts[0]?.bytes, {
    read: 1_048_576,
    written: 104_857_600,
    directRead: 4096,
    directWritten: 8192,
    fromServer: 2_097_152,
    toServer: 104_865_792,
  });
  t.is(mounts[0]?.source, "10.77.0.5:/blog_data");
});

test("operations that never happened are left out; the others have their times and what went wrong", (t) => {
  const operations = mounts[0]?.operations;
  t.deepEqual([...(operations?.keys() ?? [])], ["NULL", "READ", "WRITE", "GETATTR", "OPEN_NOATTR"]);
  t.deepEqual(operations?.get("WRITE"), {
    count: 100,
    retransmissions: 3,
    timeouts: 1,
    sentBytes: 104_889_600,
    receivedBytes: 17_600,
    queueMs: 250,
    rttMs: 4200,
    executeMs: 4500,
    errors: 2,
  });
});

test("connections are told with how often they were made", (t) => {
  t.deepEqual(mounts[0]?.transports, [
    { protocol: "tcp", port: 812, connects: 2, unasked: 1 },
    { protocol: "tcp", port: 945, connects: 1, unasked: 0 },
  ]);
});

test("connections that mounts of one server share are counted once, whether or not they have a port", (t) => {
  t.is(connectionsOf(mounts), 2 + 1);
  t.is(connectionsOf(parseMountstats(sample + sample)), 3);
  const unbound = parseMountstats(sample.replaceAll(/tcp (812|945) /g, "tcp 0 "));
  t.is(connectionsOf([...unbound, ...unbound]), 3);
  t.is(connectionsOf([]), 0);
});

test("a kernel that counts no errors says so, and spaces in names come back", (t) => {
  const [, old] = mounts;
  t.is(old?.source, "nas:/volume 1/two words");
  t.is(old?.operations.get("READ")?.errors, null);
  t.is(old?.operations.get("READ")?.count, 12);
});

test("a table of a form that nobody knows is nothing, not nonsense", (t) => {
  t.deepEqual(parseMountstats(sample.replaceAll("statvers=1.1", "statvers=2.0")), []);
  t.deepEqual(parseMountstats(""), []);
  t.deepEqual(parseMountstats("device\ndevice a mounted on\nbytes: x"), []);
  const cut = parseMountstats(sample.slice(0, sample.indexOf("\tbytes:")));
  t.is(cut[0]?.bytes.read, 0);
  t.is(cut[0]?.operations.size, 0);
});

test("a thousand volumes are understood in a moment", (t) => {
  const many = Array.from({ length: 1000 }, (_, index) =>
    sample.replaceAll("blog_data", `volume${index}`),
  ).join("");
  const began = performance.now();
  t.is(parseMountstats(many).length, 2000);
  const ms = performance.now() - began;
  t.log(`${Math.round(ms)} ms for ${Math.round(many.length / 1000)} kB`);
  t.true(ms < 20_000);
});
