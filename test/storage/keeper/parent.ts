import process from "node:process";
import type { GuardedStorage } from "../../../storage/keeper/guarded-storage.ts";
import { openStorage } from "../../../storage/open.ts";
import { parseOptions } from "../../../storage/rules/options.ts";

/** A parent with two keepers at work, for a test that kills it: `node parent.ts PATH`. */
const url = `dir://${process.argv[2] ?? ""}`;
const storage = openStorage(url, { trashDays: 30 }) as GuardedStorage;
await storage.open(null);
await storage.create(
  { name: "v", options: parseOptions(null) },
  { id: "018f0000-0000-7000-8000-000000000001", name: "node1" },
);
await storage.usage("v");
process.send?.(storage.keepers);
