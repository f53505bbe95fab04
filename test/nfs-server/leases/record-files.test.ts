import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import * as z from "zod";
import { RecordFiles } from "../../../nfs-server/leases/record-files.ts";

const schema = z.looseObject({ schema: z.literal(1), name: z.string() });

test("records are read again as they were written; what cannot be read is told and left alone", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-records-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const files = new RecordFiles(folder, schema);
  t.deepEqual(await files.open(), { records: [], damaged: [] });
  const names = Array.from({ length: 20 }, (_, index) => `r${index}`);
  await Promise.all(names.map((name) => files.write(name, { schema: 1, name, more: "kept" })));
  await Promise.all(names.slice(10).map((name) => files.remove(name)));
  await writeFile(join(folder, "r0.json"), '{"schema": 2}');
  // Left by a power cut in the middle of a write.
  await writeFile(join(folder, ".0123.tmp"), "{");
  const { records, damaged } = await new RecordFiles(folder, schema).open();
  t.deepEqual(
    records.map(({ name, more }) => `${name} ${String(more)}`),
    names.slice(1, 10).map((name) => `${name} kept`),
  );
  t.like(damaged, { length: 1, 0: { name: "r0" } });
  t.regex(damaged[0]?.reason ?? "", /newer version of swarmnfs/);
  t.deepEqual(
    (await readdir(folder)).filter((file) => !file.endsWith(".json")),
    [],
  );
});

test("a failure is told, and those who wait for their turn get it", async (t) => {
  const files = new RecordFiles(join(tmpdir(), "swarmnfs-records-nowhere"), schema);
  const names = Array.from({ length: 10 }, (_, index) => `r${index}`);
  const done = await Promise.allSettled(
    names.map((name) => files.write(name, { schema: 1, name })),
  );
  t.deepEqual(new Set(done.map(({ status }) => status)), new Set(["rejected"]));
  t.is(await files.read("r0"), null);
});
