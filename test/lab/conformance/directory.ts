import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { GuardedStorage } from "../../../storage/keeper/guarded-storage.ts";
import { conformance } from "../../storage/conformance.ts";
import { run } from "./ava-stand-in.ts";
import { patient, slowness } from "./patience.ts";

/**
 * The conformance suite on a file system that several nodes have mounted, as a program for a machine that has mounted it
 * several times: `node directory.mjs MOUNT…`, with the keeper beside it. Each test has a directory of its own on it, each
 * connection the next mount, as another node would have.
 */
const [, , ...mounts] = process.argv;
const [first = ""] = mounts;
const keeper = {
  command: process.execPath,
  args: ["--optimize-for-size", join(import.meta.dirname, "keeper.mjs")],
};

conformance("dir://", async (t) => {
  const name = `conformance-${randomUUID()}`;
  await mkdir(join(first, name));
  t.teardown(() => rm(join(first, name), { recursive: true, force: true }));
  let connections = 0;
  return {
    connect: () => {
      const path = join(mounts[connections % mounts.length] ?? first, name);
      connections += 1;
      const settings = { url: `dir://${path}`, path, trashDays: 30, makeRoot: false };
      const storage = new GuardedStorage(settings, { keeper, deadlines: patient });
      t.teardown(() => storage.close());
      return storage;
    },
  };
});
await run(slowness);
process.exit();
