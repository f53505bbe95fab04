import path from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import { asSoleMaker } from "../../rootfs-build/sole-maker.ts";
import { temporaryDirectory } from "../storage/places.ts";

async function lockFile(t: ExecutionContext): Promise<string> {
  return path.join(await temporaryDirectory(t), "lock");
}

test("one makes it, the others wait", async (t) => {
  const lock = await lockFile(t);
  let now = 0;
  let most = 0;
  const work = async (): Promise<number> => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return 7;
  };
  const made = await Promise.all([1, 2, 3, 4].map(() => asSoleMaker(lock, work)));
  t.deepEqual(made, [7, 7, 7, 7]);
  t.is(most, 1);
});

test("work that fails lets the next one begin", async (t) => {
  const lock = await lockFile(t);
  await t.throwsAsync(
    asSoleMaker(lock, () => Promise.reject(new Error("no mirror"))),
    { message: "no mirror" },
  );
  t.is(await asSoleMaker(lock, () => Promise.resolve("made")), "made");
});

test("a maker that was killed keeps nobody waiting", async (t) => {
  const lock = await lockFile(t);
  const module = path.join(import.meta.dirname, "../../rootfs-build/sole-maker.ts");
  const script = `const { asSoleMaker } = await import(${JSON.stringify(module)});
    await asSoleMaker(${JSON.stringify(lock)}, () => new Promise(() => { console.log("has it"); setInterval(() => {}, 1000); }));`;
  const killed = execa(process.execPath, ["--input-type=module", "--eval", script], {
    reject: false,
  });
  await new Promise((resolve) => killed.stdout.once("data", resolve));
  killed.kill("SIGKILL");
  await killed;
  t.is(await asSoleMaker(lock, () => Promise.resolve("made")), "made");
});
