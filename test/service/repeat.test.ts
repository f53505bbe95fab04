import test from "ava";
import { repeat } from "../../service/repeat.ts";

test("a round that fails is told, and the next comes all the same", async (t) => {
  // The waits between rounds keep no process alive.
  const alive = setInterval(() => undefined, 60_000);
  t.teardown(() => clearInterval(alive));
  const ending = new AbortController();
  const told: unknown[] = [];
  let rounds = 0;
  await repeat(
    1,
    async () => {
      rounds += 1;
      if (rounds === 3) ending.abort();
      else throw new Error(`round ${rounds}`);
    },
    ending.signal,
    (error) => told.push(error),
  );
  t.deepEqual(
    told.map((error) => (error as Error).message),
    ["round 1", "round 2"],
  );
});

test("a round that the end breaks off is no failure", async (t) => {
  const ending = new AbortController();
  const told: unknown[] = [];
  await repeat(
    1,
    async () => {
      ending.abort();
      throw new Error("the storage was closed");
    },
    ending.signal,
    (error) => told.push(error),
  );
  t.deepEqual(told, []);
});
