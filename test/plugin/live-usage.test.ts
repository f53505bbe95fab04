import test from "ava";
import { CatalogCopy } from "../../plugin/catalog-copy.ts";
import { LiveUsage } from "../../plugin/live-usage.ts";
import { UserError } from "../../service/user-error.ts";
import { RefusingStorage } from "../../storage/refusing-storage.ts";
import type { Storage, Usage } from "../../storage/storage.ts";
import { temporaryDirectory } from "../storage/places.ts";
import type { ExecutionContext } from "ava";

async function begin(
  t: ExecutionContext,
  answers: Partial<Storage>,
): Promise<{ usage: LiveUsage; catalog: CatalogCopy }> {
  const catalog = new CatalogCopy(await temporaryDirectory(t));
  const refusing = new RefusingStorage("swarmnfs://storage1", new UserError("unavailable", "no"));
  return { usage: new LiveUsage(Object.assign(refusing, answers), catalog), catalog };
}

function bytes(count: number): Usage {
  return { bytes: count, files: 1, by: "quota", at: new Date().toISOString() };
}

test("what a volume holds now is asked of a storage that counts by itself, once in a while", async (t) => {
  let asked = 0;
  const { usage, catalog } = await begin(t, {
    countsItself: true,
    usage: async () => bytes(++asked),
  });
  await Promise.all([usage.refresh("v"), usage.refresh("v")]);
  await usage.refresh("v");
  t.is(catalog.usage("v")?.bytes, 1);
  await usage.refresh("w");
  t.is(asked, 2);
});

test("of a storage that would have to walk, or is in trouble, nothing is asked", async (t) => {
  const never = { usage: async () => t.fail("asked") };
  await (await begin(t, never)).usage.refresh("v");
  const trouble = { reason: "it is away", since: "2026-03-01T09:14:02Z" };
  await (await begin(t, { ...never, countsItself: true, trouble })).usage.refresh("v");
  t.pass();
});

test("nobody waits long for a figure, and none is no failure", async (t) => {
  const late = Promise.withResolvers<Usage>();
  const { usage, catalog } = await begin(t, { countsItself: true, usage: () => late.promise });
  const begun = performance.now();
  await usage.refresh("v");
  t.true(performance.now() - begun < 30_000);
  t.is(catalog.usage("v"), null);
  late.resolve(bytes(7));
  await usage.refresh("v");
  t.is(catalog.usage("v")?.bytes, 7);
  const failing = await begin(t, { countsItself: true });
  await failing.usage.refresh("v");
  t.is(failing.catalog.usage("v"), null);
});
