import { once } from "node:events";
import test from "ava";
import { AppWorks } from "../../../backup-sidecar/operations/app-works.ts";
import { Slots } from "../../../backup-sidecar/operations/slots.ts";
import type { WorkProgress } from "../../../storage/backup/verbs.ts";

const patient = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });
const progress: WorkProgress = {
  app: "blog",
  volume: null,
  doing: "saving",
  files: 1,
  totalFiles: null,
  bytes: 1,
  totalBytes: null,
  secondsLeft: null,
  waiting: null,
};

async function never(): Promise<string> {
  return "begun twice";
}

/** A work that ends when it is told to. */
function held() {
  const end = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const work = async (): Promise<string> => {
    begun.resolve();
    return end.promise;
  };
  return { work, begun: begun.promise, end: end.resolve };
}

test("works of one app come one after the other, of two apps side by side", async (t) => {
  const works = new AppWorks(5, new AbortController().signal);
  const first = held();
  const one = works.do("blog", "run", first.work, patient());
  await first.begun;
  t.is(works.busyWith("blog"), "run");
  let isSecond = false;
  const two = works.do("blog", "verify", async () => void (isSecond = true), patient());
  t.is(await works.do("shop", "run", async () => "shop", patient()), "shop");
  t.false(isSecond);
  first.end("blog");
  t.is(await one, "blog");
  await two;
  t.true(isSecond);
  t.is(works.busyWith("blog"), null);
});

test("whoever joins hears of the progress, gets the result, and may leave without ending it", async (t) => {
  const works = new AppWorks(1, new AbortController().signal);
  const end = Promise.withResolvers<string>();
  const told = Promise.withResolvers<(each: WorkProgress) => void>();
  const one = works.do(
    "blog",
    "run",
    async (work) => {
      told.resolve((each) => work.tell(each));
      return end.promise;
    },
    patient(),
    true,
  );
  const heard: WorkProgress[] = [];
  const attending = { ...patient(), onProgress: (each: WorkProgress) => void heard.push(each) };
  const two = works.do("blog", "run", never, attending, true);
  const leaving = new AbortController();
  const three = works.do("blog", "run", never, { signal: leaving.signal }, true);
  leaving.abort(new Error("gone"));
  await t.throwsAsync(three, { message: "gone" });
  (await told.promise)(progress);
  end.resolve("once");
  t.deepEqual([await one, await two, heard.length], ["once", "once", 1]);
});

test("a work that fails lets the next begin, and the end of life ends all", async (t) => {
  const life = new AbortController();
  const works = new AppWorks(1, life.signal);
  const failing = works.do("blog", "run", () => Promise.reject(new Error("no")), patient());
  await t.throwsAsync(failing, { message: "no" });
  t.is(await works.do("blog", "run", async () => "yes", patient()), "yes");
  const begun = Promise.withResolvers<void>();
  const waiting = works.do(
    "blog",
    "run",
    async ({ signal }) => {
      begun.resolve();
      await once(signal, "abort");
      throw new Error("ended");
    },
    patient(),
  );
  await begun.promise;
  life.abort();
  await t.throwsAsync(waiting, { message: "ended" });
  let isBegun = false;
  await t.throwsAsync(works.do("blog", "run", async () => void (isBegun = true), patient()));
  t.false(isBegun);
  await works.settled();
});

test("slots are given in order, and a place in the queue can be left", async (t) => {
  const slots = new Slots(1);
  const { signal } = patient();
  const first = await slots.take(signal);
  const order: string[] = [];
  const second = slots.take(signal).then((back) => (order.push("second"), back()));
  const leaving = new AbortController();
  const third = slots.take(leaving.signal);
  const fourth = slots.take(signal).then((back) => (order.push("fourth"), back()));
  leaving.abort(new Error("left"));
  await t.throwsAsync(third, { message: "left" });
  first();
  first();
  await Promise.all([second, fourth]);
  t.deepEqual(order, ["second", "fourth"]);
  (await slots.take(signal))();
});
