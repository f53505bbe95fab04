import test from "ava";
import { systemClock } from "../../../service/clock.ts";
import { parseOptions } from "../../../storage/rules/options.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const volumes = Array.from({ length: 40 }, (_, index) => `v${index}`);
const signs = volumes.map((volume) => ({
  volume,
  since: "2026-11-23T06:00:00Z",
  consumers: ["web"],
}));

test("signs of use that are written or read one after the other are progress: many of them are not taken for a storage that hangs", async (t) => {
  let steps = 0;
  const storage = directoryStorage(await temporaryDirectory(t), {
    progress: () => {
      steps += 1;
    },
  });
  await storage.open(null);
  await storage.renew(signs, node1);
  t.true(steps >= volumes.length, `${steps} steps while they were written`);
  steps = 0;
  t.is(Object.keys((await storage.list()).uses).length, volumes.length);
  t.true(steps >= volumes.length, `${steps} steps while they were read`);
});

test("the list of a storage that our own server stands before reads no sign: leases say who uses what", async (t) => {
  const path = await temporaryDirectory(t);
  const settings = {
    url: `dir://${path}`,
    path,
    trashDays: 30,
    makeRoot: false,
    served: true as const,
  };
  let steps = 0;
  const storage = new DirectoryStorage(settings, {
    clock: systemClock,
    progress: () => {
      steps += 1;
    },
  });
  await storage.open(null);
  await storage.renew(signs, node1);
  steps = 0;
  t.deepEqual((await storage.list()).uses, {});
  t.is(steps, 0);
  await storage.create({ name: "v0", options: parseOptions({}) }, node1);
  await t.throwsAsync(storage.remove("v0", node2), { message: /is mounted on node1/ });
});
