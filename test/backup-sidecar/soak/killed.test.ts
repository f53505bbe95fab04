import test from "ava";
import { killAtRandom } from "../engine/killing.ts";

test("fault 26: 50 rounds of kill -9 of the service with its bridge, or of restic, at random moments", async (t) => {
  t.timeout(3_600_000);
  await killAtRandom(t, 50);
});
