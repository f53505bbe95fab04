import test from "ava";
import { Call } from "../../plugin/call.ts";

const late = (): Error => new Error("too late");

test("work that ends in time is passed on, with its result or its error", async (t) => {
  const call = new Call(performance.now());
  t.is(await call.within(Promise.resolve("done"), late), "done");
  await t.throwsAsync(call.within(Promise.reject(new Error("failed")), late), {
    message: "failed",
  });
  t.false(call.isOver);
});

test("work that takes longer than is left is given up when the time is up", async (t) => {
  const call = new Call(performance.now() - Call.boundMs + 20);
  await t.throwsAsync(call.within(new Promise(() => undefined), late), { message: "too late" });
  t.true(call.isOver);
});

test("nothing is waited for once Docker hung up", async (t) => {
  const call = new Call(performance.now());
  const waiting = call.within(new Promise(() => undefined), late);
  call.hangUp();
  await t.throwsAsync(waiting, { message: "too late" });
  await t.throwsAsync(call.within(Promise.resolve("done"), late), { message: "too late" });
});

test("work that fails when nobody waits any more is nobody's unhandled error", async (t) => {
  const call = new Call(performance.now() - Call.boundMs);
  const failing = Promise.reject(new Error("unheard"));
  await t.throwsAsync(call.within(failing, late), { message: "too late" });
});
