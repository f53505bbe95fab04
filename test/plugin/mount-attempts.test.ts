import test from "ava";
import { MountAttempts } from "../../plugin/mount-attempts.ts";
import { UserError } from "../../service/user-error.ts";

class World {
  now = 0;
  readonly told: string[] = [];
  readonly attempts = new MountAttempts(
    (ms, outcome) => this.told.push(`${outcome} ${ms}`),
    () => this.now,
  );

  async attempt(volume: string, ms: number, error: Error | null): Promise<void> {
    const work = async (): Promise<string> => {
      this.now += ms;
      if (error !== null) throw error;
      return "there";
    };
    await this.attempts.run(volume, work).catch(() => undefined);
  }
}

test("an attempt is timed, and goes on as if nobody looked", async (t) => {
  const { attempts, told } = new World();
  t.is(await attempts.run("blog", async () => 7), 7);
  const error = new Error("mount(8) said no");
  await t.throwsAsync(
    attempts.run("blog", async () => Promise.reject(error)),
    { is: error },
  );
  t.deepEqual(told, ["mounted 0", "failed 0"]);
});

test("what the storage refuses is not what fails", async (t) => {
  const world = new World();
  await world.attempt("blog", 10, new UserError("in-use", "node2 has it"));
  await world.attempt("blog", 20, new UserError("unavailable", "it does not answer"));
  t.deepEqual(world.told, ["refused 10", "failed 20"]);
  t.like(world.attempts.failing().get("blog"), { times: 1, reason: "it does not answer" });
});

test("failures are counted in a row, until one is mounted", async (t) => {
  const world = new World();
  for (let time = 0; time < 3; time += 1) await world.attempt("blog", 100, new Error("no"));
  t.like(world.attempts.failing().get("blog"), { times: 3, since: 100, last: 300 });
  await world.attempt("blog", 100, null);
  t.is(world.attempts.failing().size, 0);
});

test("what nobody tries for an hour is forgotten, and there is a bound", async (t) => {
  const world = new World();
  await world.attempt("old", 0, new Error("no"));
  world.now += 3_600_001;
  for (let n = 0; n < 150; n += 1) await world.attempt(`v${n}`, 1, new Error("no"));
  const failing = world.attempts.failing();
  t.is(failing.size, 100);
  t.false(failing.has("old"));
  t.true(failing.has("v149"));
});
