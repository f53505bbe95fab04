import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { LeaseMemory } from "../../../storage/swarmnfs/lease-memory.ts";
import { temporaryDirectory } from "../places.ts";
import { storageId } from "./swarmnfs-under-test.ts";

const nfs = { address: "10.0.0.5", port: 2049 };

function leaseOf(volume: string): {
  volume: string;
  volumeId: string;
  since: string;
  attachment: { type: "nfs4"; source: string; options: string[] };
} {
  const attachment = { type: "nfs4" as const, source: `10.0.0.5:/${volume}`, options: ["hard"] };
  return { volume, volumeId: storageId, since: "2026-03-01T00:00:00Z", attachment };
}

test("what was remembered last is what is recalled", async (t) => {
  const path = join(await temporaryDirectory(t), "leases.json");
  t.is(await new LeaseMemory(path).recall(), null);
  const memory = new LeaseMemory(path);
  const all = ["a", "b", "c"].map((name) => ({ id: storageId, nfs, leases: [leaseOf(name)] }));
  await Promise.all(all.map((leases) => memory.remember(leases)));
  t.like(await new LeaseMemory(path).recall(), { id: storageId, nfs, leases: [leaseOf("c")] });
});

test("a memory that cannot be read or written is none, and no trouble", async (t) => {
  const folder = await temporaryDirectory(t);
  await writeFile(join(folder, "leases.json"), "{");
  t.is(await new LeaseMemory(join(folder, "leases.json")).recall(), null);
  const nowhere = new LeaseMemory(join(folder, "nowhere", "leases.json"));
  await nowhere.remember({ id: storageId, nfs, leases: [] });
  t.is(await readFile(join(folder, "leases.json"), "utf8"), "{");
});
