import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ExecutionContext } from "ava";
import { assemble, type Backup } from "../../backup-sidecar/backup.ts";
import type { AnsweredVerb, Talk } from "../../backup-sidecar/control/commands.ts";
import { openStoragePlace } from "../../backup-sidecar/operations/storage-place.ts";
import { parseSettings } from "../../backup-sidecar/settings.ts";
import { noHooks } from "../../service/hooks/hooks.ts";
import { systemClock } from "../../service/clock.ts";
import { createLog } from "../../service/log.ts";
import type { Problem } from "../../service/notifier/incident.ts";
import type { BackupItem, WorkProgress } from "../../storage/backup/verbs.ts";
import { openStorage } from "../../storage/open.ts";
import { parseOptions } from "../../storage/rules/options.ts";
import { resticOfTheImage } from "./restic.ts";
import { account } from "./servers/dav-server.ts";
import { type NodeDav, startNodeDav } from "./servers/node-dav.ts";

export const log = createLog("test", { level: "silent", format: "json" });
const node = { id: "018f0000-0000-7000-8000-000000000009", name: "node1" };
// Long enough for a machine that has other work to do.
const leaseTimes = { term: 30_000, renew: 500, giveUp: 20_000 };

/** A storage with volumes, a WebDAV server, and backup services. */
export class Place {
  readonly top: string;
  readonly server: NodeDav;
  readonly #t: ExecutionContext;

  private constructor(t: ExecutionContext, top: string, server: NodeDav) {
    this.#t = t;
    this.top = top;
    this.server = server;
  }

  static async make(t: ExecutionContext): Promise<Place> {
    const top = await realpath(await mkdtemp(path.join(tmpdir(), "swarmnfs-service-")));
    t.teardown(() => rm(top, { recursive: true, force: true }));
    await chmod(top, 0o755);
    for (const folder of ["storage", "dav"]) await mkdir(path.join(top, folder));
    const server = await startNodeDav({ folder: path.join(top, "dav") });
    t.teardown(() => server.stop());
    const place = new Place(t, top, server);
    const storage = openStorage(`dir://${place.storage}`, { trashDays: 30 });
    await storage.open(null);
    for (const [name, app] of [
      ["blog_data", "blog"],
      ["shop_data", "shop"],
    ] as const)
      await storage.create({ name, options: parseOptions({ app }) }, node);
    await storage.close();
    await writeFile(place.file("blog", "blog_data", "hello"), "hello");
    await writeFile(place.file("shop", "shop_data", "goods"), "x".repeat(200_000));
    return place;
  }

  get storage(): string {
    return path.join(this.top, "storage");
  }

  file(app: string, volume: string, name: string): string {
    return path.join(this.storage, "apps", app, volume, name);
  }

  environment(name: string): NodeJS.ProcessEnv {
    return {
      SWARMNFS_STORAGE: `dir://${this.storage}`,
      SWARMNFS_STORAGE_NAME: "store1",
      SWARMNFS_NODE: name,
      SWARMNFS_STATE: path.join(this.top, name, "state"),
      WEBDAV_URL: this.server.url,
      WEBDAV_USERNAME: account.user,
      WEBDAV_PASSWORD: this.server.password,
      BACKUP_PASSWORD_FILE: path.join(this.top, "password"),
      NTP_SERVERS: ",",
      SCHEDULE: "0 3 1 1 *",
      JITTER: "0",
      NFS_CONFIGS: "off",
    };
  }

  async service(name = "node1", told: Problem[][] = []): Promise<Backup> {
    await writeFile(path.join(this.top, "password"), "correct horse\n");
    const environment = this.environment(name);
    const settings = parseSettings(environment);
    const own = (folder: string): string => path.join(this.top, name, folder);
    for (const folder of ["state", "views/source", "views/restore", "cache", "tmp"])
      await mkdir(own(folder), { recursive: true });
    const backup = await assemble({
      settings,
      environment,
      place: await openStoragePlace(settings.storage, settings.state, log),
      restic: await resticOfTheImage(),
      passwordFile: path.join(this.top, "password"),
      views: own("views"),
      cache: own("cache"),
      temporary: own("tmp"),
      hooks: noHooks,
      tell: async (problems) => void told.push([...problems]),
      clock: systemClock,
      log,
      leaseTimes,
    });
    this.#t.teardown(() => backup.stop());
    return backup;
  }
}

/** Somebody who listens, and never hangs up unless told to. */
export function listening<Verb extends AnsweredVerb>(signal = new AbortController().signal) {
  const items: BackupItem<Verb>[] = [];
  const progress: WorkProgress[] = [];
  const talk: Talk<Verb> = {
    progress: (each) => void progress.push(each),
    note: () => undefined,
    item: async (item) => void items.push(item),
    signal,
  };
  return { talk, items, progress };
}

/** Waits for a condition. */
export async function until(t: ExecutionContext, is: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await is())) {
    if (Date.now() > deadline) return t.fail("it did not happen");
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
  }
}
