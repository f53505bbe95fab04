import test from "ava";
import { SharedLook } from "../../plugin/shared-look.ts";
import { until } from "./until.ts";

const minute = 60_000;

test("twenty who ask at once are answered by two looks, each begun after they had asked", async (t) => {
  const looks: PromiseWithResolvers<string>[] = [];
  const shared = new SharedLook(() => {
    looks.push(Promise.withResolvers<string>());
    return looks.at(-1)!.promise;
  }, minute);
  const asked = Array.from({ length: 20 }, () => shared.ask("data"));
  t.is(looks.length, 1);
  looks[0]?.resolve("first");
  t.is(await asked[0], "first");
  await until("the second begins", () => looks.length === 2);
  looks[1]?.resolve("second");
  t.deepEqual(new Set(await Promise.all(asked)), new Set(["first", "second"]));
  t.is(looks.length, 2);
});

test("different things wait for nothing", async (t) => {
  const never = new Promise<string>(() => {});
  const shared = new SharedLook(
    (what) => (what === "slow" ? never : Promise.resolve(what)),
    minute,
  );
  void shared.ask("slow");
  t.is(await shared.ask("quick"), "quick");
});

test("a look that takes too long is not waited for", async (t) => {
  let looks = 0;
  const never = new Promise<string>(() => {});
  const shared = new SharedLook(() => (looks++ === 0 ? never : Promise.resolve("there")), 20);
  void shared.ask("data");
  t.is(await shared.ask("data"), "there");
});

test("who asked during a look that failed gets one of their own", async (t) => {
  const looks = [Promise.reject(new Error("silent")), Promise.resolve("there")];
  const shared = new SharedLook(() => looks.shift()!, minute);
  const [first, second] = [shared.ask("data"), shared.ask("data")];
  await t.throwsAsync(first, { message: "silent" });
  t.is(await second, "there");
});
