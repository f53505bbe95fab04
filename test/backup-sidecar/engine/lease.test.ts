import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { v7 as uuid } from "uuid";
import { StorageLease, type LeaseTimes } from "../../../backup-sidecar/engine/lease.ts";
import { systemClock } from "../../../service/clock.ts";
import { until } from "../../plugin/until.ts";

const day = 86_400_000;
/** Nobody renews in time, as if the process stood still. */
const silent: LeaseTimes = { term: 300, renew: day, giveUp: day };
const patient: LeaseTimes = { term: day, renew: 50, giveUp: day };

test("of many who want it at once one gets the lease, and the others are told who", async (t) => {
  const root = await storage(t);
  const takers = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => lease(root, `node${index}`).acquire()),
  );
  const winners = takers.filter(({ status }) => status === "fulfilled");
  t.is(winners.length, 1);
  for (const taker of takers)
    if (taker.status === "rejected") t.regex(String(taker.reason), /backup service/);
  await t.throwsAsync(lease(root, "late").acquire(), {
    message: /backup service on node node\d+ is in charge.*Only one may write/s,
  });
});

test("given back it can be taken at once, with a higher counter, and its former holders are known", async (t) => {
  const root = await storage(t);
  const first = await lease(root, "one").acquire();
  t.true(first.held());
  await first.release();
  t.false(first.held());
  const other = lease(root, "two");
  const second = await other.acquire();
  t.is(second.counter, first.counter + 1);
  t.deepEqual(
    (await other.former(second)).map(({ node }) => node),
    ["one"],
  );
  await second.release();
});

test("a holder that shows no sign of life is succeeded after its term, and learns of it", async (t) => {
  const root = await storage(t);
  const frozen = await lease(root, "one", silent).acquire();
  const second = lease(root, "two", { ...patient, term: 300 });
  let held: Awaited<ReturnType<StorageLease["acquire"]>> | null = null;
  await until("the lease can be taken over", async () => {
    held = await second.acquire().catch(() => null);
    return held !== null;
  });
  // It wakes up, and looks before it deletes anything.
  await t.throwsAsync(frozen.confirm(), { message: /another backup service took over/ });
  t.false(frozen.held());
  t.true(frozen.signal.aborted);
});

test("it is renewed for as long as it is held", async (t) => {
  const root = await storage(t);
  const mine = lease(root, "one", patient);
  const held = await mine.acquire();
  const taken = (await mine.holder())?.renewedAt ?? "";
  await until("it was renewed", async () => ((await mine.holder())?.renewedAt ?? "") > taken);
  t.true(held.held());
  await held.release();
  t.true((await mine.holder())?.released);
});

test("a holder that cannot reach the storage gives up by itself, before others may take over", async (t) => {
  const root = await storage(t);
  const held = await lease(root, "one", { term: 5000, renew: 20, giveUp: 2000 }).acquire();
  await rm(root, { recursive: true });
  await until("it has given up", () => held.signal.aborted);
  t.false(held.held());
});

test("a damaged lease is somebody's, for a term", async (t) => {
  const root = await storage(t);
  const folder = path.join(root, ".swarmnfs/backup/lease");
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "7.json"), "{");
  await t.throwsAsync(lease(root, "one").acquire(), { message: /node unknown is in charge/ });
  const next = lease(root, "one", { ...patient, term: 0 });
  const held = await next.acquire();
  t.is(held.counter, 8);
  t.deepEqual(await readdir(folder), ["7.json", "8.json"]);
  await held.release();
});

async function storage(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), "swarmnfs-lease-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  await mkdir(path.join(root, ".swarmnfs"));
  return root;
}

function lease(root: string, node: string, times?: LeaseTimes): StorageLease {
  const me = { id: uuid(), node, lockHost: `swarmnfs-${node}` };
  return new StorageLease(root, me, systemClock, times);
}
