import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { once } from "node:events";
import test, { type ExecutionContext } from "ava";
import { deadlines } from "../../../storage/keeper/deadlines.ts";
import type { GuardedOptions, GuardedStorage } from "../../../storage/keeper/guarded-storage.ts";
import type { Trouble } from "../../../storage/storage.ts";
import { create, node1 } from "../conformance.ts";
import { eventually } from "../eventually.ts";
import { guardedStorage, temporaryDirectory } from "../places.ts";

/** A keeper that is stopped answers as little as one whose file system hangs. */
function stop(pid: number | undefined): void {
  process.kill(pid ?? 0, "SIGSTOP");
}

const short = {
  ...deadlines,
  create: { kill: 1000 },
  attach: { kill: 1000 },
  health: { kill: 1000 },
  open: { kill: 5000 },
  usage: { kill: 1000, long: true as const },
};

async function start(
  t: ExecutionContext,
  options: Partial<GuardedOptions> = {},
): Promise<{ storage: GuardedStorage; path: string; troubles: (Trouble | null)[] }> {
  const path = await temporaryDirectory(t);
  const troubles: (Trouble | null)[] = [];
  const storage = guardedStorage(t, path, {
    deadlines: short,
    probeEveryMs: 200,
    onChange: (trouble) => troubles.push(trouble),
    ...options,
  });
  await storage.open(null);
  await create(storage, "v");
  return { storage, path, troubles };
}

test.serial(
  "a storage that hangs fails by the deadline, then at once, and is well again by itself",
  async (t) => {
    const { storage, troubles } = await start(t, { probeEveryMs: 1500 });
    stop(storage.keepers[0]);
    const begun = performance.now();
    const refusal = {
      code: "unavailable",
      message:
        /^dir:\/\/.+ has not answered for \d+ s, since [\d:]+Z\. Nothing is lost; this works again when it does$/,
    };
    await Promise.all([
      t.throwsAsync(create(storage, "w"), refusal),
      t.throwsAsync(storage.attach("v", node1, []), refusal),
      t.throwsAsync(storage.list(), refusal),
    ]);
    // Neither twice the deadline of the last, nor a whole one for each: these have 8 s, or 1 s and 2.5 times that where all is slow.
    t.true(performance.now() - begun < 7_500);
    t.regex(storage.trouble?.reason ?? "", refusal.message);
    t.regex(storage.trouble?.since ?? "", /^\d{4}-\d\d-\d\dT[\d:]+Z$/);
    await eventually("the storage is well again", () => storage.trouble === null);
    t.is((await create(storage, "w")).state, "ready");
    t.is(troubles.length, 2);
    t.is(troubles[1], null);
  },
);

test.serial(
  "a keeper that gets little of the processor is waited for longer, and its storage is not taken for dead",
  async (t) => {
    const busy = join(import.meta.dirname, "busy-keeper.ts");
    const { storage, troubles } = await start(t, {
      keeper: { command: process.execPath, args: [busy, "1500"] },
    });
    t.is((await storage.attach("v", node1, [])).type, "bind");
    t.deepEqual(troubles, []);
  },
);

test.serial("not for ever: something else may be what keeps it busy", async (t) => {
  const busy = join(import.meta.dirname, "busy-keeper.ts");
  const { storage } = await start(t, {
    keeper: { command: process.execPath, args: [busy, "8000"] },
  });
  await t.throwsAsync(storage.attach("v", node1, []), { message: /has not answered/ });
});

test.serial("while a storage is known to hang, calls fail at once with the reason", async (t) => {
  // By its own deadline it would be waited for much longer than a busy machine takes to say no.
  const own = { ...short, attach: { kill: 60_000 } };
  const { storage } = await start(t, { probeEveryMs: 60_000, deadlines: own });
  const [pid] = storage.keepers;
  // Its end would be noticed, and looked at: as a process that hangs in the kernel it must not end.
  stop(pid);
  await t.throwsAsync(create(storage, "w"), { code: "unavailable" });
  const begun = performance.now();
  if (storage.trouble !== null) {
    await t.throwsAsync(storage.attach("v", node1, []), {
      code: "unavailable",
      message: /Nothing is lost/,
    });
    t.true(performance.now() - begun < 20_000);
  }
  await eventually("the storage is well again", () => storage.trouble === null);
});

test.serial(
  "a storage that is gone is in trouble until it is back, even if nobody asks",
  async (t) => {
    const { storage, path, troubles } = await start(t);
    await rename(join(path, ".swarmnfs"), join(path, "away"));
    await t.throwsAsync(storage.list(), { code: "unavailable", message: /marker/ });
    t.regex(storage.trouble?.reason ?? "", /marker .+ is missing/);
    await rename(join(path, "away"), join(path, ".swarmnfs"));
    await eventually("the storage is well again", () => storage.trouble === null);
    t.is(troubles.at(-1), null);
  },
);

test.serial("a mistake of the caller is no trouble of the storage", async (t) => {
  const { storage, troubles } = await start(t);
  await t.throwsAsync(storage.get("../x"), { code: "invalid" });
  await t.throwsAsync(storage.attach("nothing", node1, []), { code: "not-found" });
  await t.throwsAsync(create(storage, "v", { uid: "9" }), { code: "conflict" });
  t.deepEqual(troubles, []);
});

test.serial(
  "long work has a keeper of its own at idle priority, and does not delay other work",
  async (t) => {
    // At idle priority a child starts late where others work: only when it has, its silence is to be short.
    const own = { ...deadlines };
    const { storage } = await start(t, { deadlines: own });
    await storage.usage("v");
    own.usage = short.usage;
    t.is(storage.keepers.length, 2);
    const long = storage.keepers[1];
    const stat = await readFile(`/proc/${long}/stat`, "utf8");
    t.is(stat.slice(stat.lastIndexOf(")")).split(" ")[17], "19");
    stop(long);
    const failed = t.throwsAsync(storage.usage("v"), { code: "unavailable" });
    t.is((await create(storage, "w")).state, "ready");
    await failed;
    t.is((await storage.list()).volumes.length, 2);
  },
);

test.serial("a keeper that rests ends, and the next call has another one", async (t) => {
  const { storage } = await start(t, { idleMs: 100 });
  const [first] = storage.keepers;
  await eventually("the keeper has ended", () => storage.keepers.length === 0);
  await eventually("its process is gone", () => !existsSync(`/proc/${first}`));
  t.is((await storage.list()).volumes.length, 1);
  t.not(storage.keepers[0], first);
});

test.serial(
  "that a node asks all others is seen while the keeper rests, and starts none",
  async (t) => {
    const { storage } = await start(t, { idleMs: 100 });
    t.false(await storage.isCalled());
    const id = randomUUID();
    const by = { node: node1.name, nodeId: node1.id, version: "1" };
    const call = { schema: 1, id, ...by, volume: null, token: "x" } as const;
    await storage.callRoll({ ...call, calledAt: new Date().toISOString() }, node1);
    await eventually("the keeper has ended", () => storage.keepers.length === 0);
    t.true(await storage.isCalled());
    t.deepEqual(storage.keepers, []);
    await storage.endRoll(id, node1);
    t.false(await storage.isCalled());
  },
);

test.serial("keepers end with their parent, however it ends", async (t) => {
  const path = await temporaryDirectory(t);
  const parent = fork(join(import.meta.dirname, "parent.ts"), [path], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [pids]: unknown[] = await once(parent, "message");
  t.true(Array.isArray(pids) && pids.length === 2);
  parent.kill("SIGKILL");
  for (const pid of Array.isArray(pids) ? pids : []) {
    await eventually("the keeper is gone", () => !existsSync(`/proc/${pid}`));
  }
});

test.serial("a closed storage starts nothing any more", async (t) => {
  const { storage } = await start(t);
  const call = storage.list();
  await storage.close();
  await Promise.allSettled([call]);
  await t.throwsAsync(storage.list());
  t.deepEqual(storage.keepers, []);
});
