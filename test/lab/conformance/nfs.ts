import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { NfsStorage, systemWorld } from "../../../storage/nfs/nfs-storage.ts";
import { parseNfsUrl } from "../../../storage/nfs/nfs-url.ts";
import type { Attachment } from "../../../storage/storage.ts";
import { conformance } from "../../storage/conformance.ts";
import { run } from "./ava-stand-in.ts";
import { patient, slowness } from "./patience.ts";

/**
 * The conformance suite over a real NFS server, as a program for a machine of the lab: `node nfs.mjs SERVER EXPORT`,
 * with the keeper beside it. Each test has a directory of its own on the export, each connection a private mount.
 */
const [, , server = "", exported = ""] = process.argv;
const folder = "/run/swarmnfs-conformance";
const call = promisify(execFile);
const keeper = {
  command: process.execPath,
  args: ["--optimize-for-size", join(import.meta.dirname, "keeper.mjs")],
};

/** Names volumes' directories as this process sees them, where the suite looks into them. */
class VisibleStorage extends NfsStorage {
  readonly #seen: string;
  readonly #onServer: string;

  constructor(url: string, place: string) {
    const parsed = parseNfsUrl(url);
    const settings = { place, nodeId: randomUUID(), trashDays: 30 };
    const patience = { caller: 60_000, answered: 0, remount: 30_000, name: 30_000 };
    const world = { ...systemWorld(parsed, settings), patience };
    super(parsed, settings, { keeper, deadlines: patient }, world);
    this.#seen = place;
    this.#onServer = parsed.path;
  }

  override async attach(...args: Parameters<NfsStorage["attach"]>): Promise<Attachment> {
    const { type, source, options } = await super.attach(...args);
    const path = source.slice(source.indexOf(":/") + 1);
    if (type !== "nfs4" || !path.startsWith(this.#onServer)) throw new Error(`${type} ${source}`);
    return { type, source: this.#seen + path.slice(this.#onServer.length), options };
  }
}

const versions = ["4.2", "4.1", "4.0"];
const all = join(folder, "all");
await mkdir(all, { recursive: true });
await call("mount", ["-t", "nfs4", "-o", "retry=0,actimeo=0", `${server}:${exported}`, all]);

conformance("nfs://", async (t) => {
  const name = `conformance-${randomUUID()}`;
  await mkdir(join(all, name));
  t.teardown(() => rm(join(all, name), { recursive: true, force: true }));
  let connections = 0;
  return {
    connect: () => {
      // A server does not call a delegation back for what its holder does, and a kernel is one client for each version:
      // connections that stand for different nodes must not be the same client.
      const version = versions[connections % versions.length];
      connections += 1;
      const place = join(folder, randomUUID());
      const storage = new VisibleStorage(
        `nfs://${server}${exported}/${name}?vers=${version}`,
        place,
      );
      t.teardown(async () => {
        await storage.close();
        // The mount and its cover, as far as they were made.
        for (const _ of ["mount", "cover"]) await call("umount", ["-l", place]).catch(() => {});
        await rm(place, { recursive: true, force: true });
      });
      return storage;
    },
  };
});
await run(slowness);
await call("umount", ["-l", all]);
