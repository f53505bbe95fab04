import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import { deadlines } from "../../../storage/keeper/deadlines.ts";
import type { GuardedOptions, GuardedStorage } from "../../../storage/keeper/guarded-storage.ts";
import type { Trouble } from "../../../storage/storage.ts";
import { StorageUnavailable } from "../../../storage/unavailable.ts";
import { create, node1 } from "../conformance.ts";
import { eventually } from "../eventually.ts";
import { guardedStorage, temporaryDirectory } from "../places.ts";

/** A file system that is there, or away for a reason. */
class Presence {
  away: string | null = null;
  asked = 0;
  doubts = 0;

  async ensure(): Promise<void> {
    this.asked += 1;
    if (this.away !== null) throw new StorageUnavailable(this.away);
  }

  doubt(): void {
    this.doubts += 1;
  }
}

async function start(
  t: ExecutionContext,
  options: Partial<GuardedOptions> = {},
): Promise<{
  storage: GuardedStorage;
  path: string;
  presence: Presence;
  troubles: (Trouble | null)[];
}> {
  const path = await temporaryDirectory(t);
  const presence = new Presence();
  const troubles: (Trouble | null)[] = [];
  const storage = guardedStorage(t, path, {
    presence,
    probeEveryMs: 100,
    onChange: (trouble) => troubles.push(trouble),
    ...options,
  });
  return { storage, path, presence, troubles };
}

test.serial(
  "a storage that is away is refused at once with the reason, and back by itself",
  async (t) => {
    const { storage, presence, troubles } = await start(t, { probeEveryMs: 300 });
    presence.away = "nas.lan refuses connections";
    await t.throwsAsync(storage.open(null), { message: "nas.lan refuses connections" });
    t.regex(storage.trouble?.reason ?? "", /^nas\.lan refuses connections\. It has been so since /);
    const { asked } = presence;
    for (const call of Array.from({ length: 20 }, () => storage.attach("v", node1, [])))
      await t.throwsAsync(call, { code: "unavailable", message: /^nas\.lan refuses connections/ });
    t.true(presence.asked <= asked + 1, "nobody asks but the probe");
    presence.away = "nas.lan does not answer";
    await eventually("the new reason is known", () =>
      (storage.trouble?.reason ?? "").startsWith("nas.lan does not answer"),
    );
    t.is(troubles[0]?.since, troubles[1]?.since, "it is the same trouble");
    presence.away = null;
    await eventually("the storage is well again", () => storage.trouble === null);
    t.is((await create(storage, "v")).state, "ready");
  },
);

test.serial(
  "a storage that hangs and then is found to be away says the better reason",
  async (t) => {
    const { storage, presence } = await start(t, {
      deadlines: { ...deadlines, create: { kill: 500 } },
    });
    await storage.open(null);
    process.kill(storage.keepers[0] ?? 0, "SIGSTOP");
    presence.away = null;
    const call = create(storage, "v");
    await eventually("the call is under way", () => presence.asked >= 2);
    presence.away = "nas.lan does not answer";
    await t.throwsAsync(call, { message: /has not answered for/ });
    t.is(presence.doubts, 1);
    await eventually("the reason is known", () =>
      (storage.trouble?.reason ?? "").startsWith("nas.lan does not answer"),
    );
    presence.away = null;
    await eventually("the storage is well again", () => storage.trouble === null);
  },
);

test.serial(
  "what the storage itself says when it is back stands instead of why it was away",
  async (t) => {
    const { storage, path, presence } = await start(t);
    await storage.open(null);
    presence.away = "nas.lan refuses connections";
    await t.throwsAsync(storage.list(), { code: "unavailable" });
    await rename(join(path, ".swarmnfs"), join(path, "away"));
    presence.away = null;
    await eventually("its own reason is known", () =>
      /marker .+ is missing/.test(storage.trouble?.reason ?? ""),
    );
    t.true(presence.doubts > 0);
    await rename(join(path, "away"), join(path, ".swarmnfs"));
    await eventually("the storage is well again", () => storage.trouble === null);
  },
);

test.serial("a mistake of the caller casts no doubt", async (t) => {
  const { storage, presence } = await start(t);
  await storage.open(null);
  await t.throwsAsync(storage.attach("nothing", node1, []), { code: "not-found" });
  t.is(presence.doubts, 0);
});

test.serial(
  "a storage that could not be opened says why to all who ask for something else",
  async (t) => {
    const { storage, path } = await start(t, { probeEveryMs: 60_000 });
    await rename(path, `${path}-away`);
    await t.throwsAsync(storage.open(null), { message: /is not there/ });
    await t.throwsAsync(storage.attach("v", node1, []), { message: /is not there/ });
    t.regex(storage.trouble?.reason ?? "", /is not there/);
    await rename(`${path}-away`, path);
  },
);

test.serial("a storage that was away and comes back as something else says that", async (t) => {
  const { storage, path, presence } = await start(t);
  presence.away = "nas.lan refuses connections";
  await t.throwsAsync(storage.open(null), { message: "nas.lan refuses connections" });
  await writeFile(join(path, "holiday.jpg"), "");
  presence.away = null;
  await eventually("the probe has seen it", () =>
    (storage.trouble?.reason ?? "").includes('is not empty (it holds "holiday.jpg")'),
  );
  await t.throwsAsync(storage.list(), { message: /is not empty/ });
  await t.throwsAsync(storage.open(null), { code: "conflict", message: /is not empty/ });
  await rm(join(path, "holiday.jpg"));
  await eventually("the storage is well", () => storage.trouble === null);
});
