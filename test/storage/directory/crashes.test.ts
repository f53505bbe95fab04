import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { parseOptions } from "../../../storage/rules/options.ts";
import { create, directoryOf, node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

/** What is done, on a storage that was prepared; and what must hold after it was repeated. */
interface Story {
  readonly title: string;
  /** May return the trash entry that the story is about. */
  readonly prepare: (storage: DirectoryStorage) => Promise<string | void>;
  readonly act: (storage: DirectoryStorage, entry: string) => Promise<unknown>;
  readonly after: (t: ExecutionContext, storage: DirectoryStorage, path: string) => Promise<void>;
}

function adopt(storage: DirectoryStorage, path: string, name: string): Promise<unknown> {
  return storage.adopt({ path, name, options: parseOptions({ app: "blog" }) }, node1);
}

const stack = { kind: "stack" as const, name: "blog", since: "2026-03-01T00:00:00Z" };

async function entryOf(storage: DirectoryStorage): Promise<string> {
  const [entry] = await storage.trash();
  return entry?.id ?? "";
}

async function withFile(storage: DirectoryStorage, name: string): Promise<void> {
  await create(storage, name);
  await storage.claimApp(name, stack);
  await writeFile(join(await directoryOf(storage, name), "file"), "hello");
}

async function content(storage: DirectoryStorage, name: string): Promise<string> {
  return readFile(join(await directoryOf(storage, name), "file"), "utf8");
}

const stories: readonly Story[] = [
  {
    title: "create",
    prepare: async () => {},
    act: (storage) => create(storage, "v", { uid: "7" }),
    after: async (t, storage) => {
      t.like(await storage.get("v"), { state: "ready", owner: { uid: 7, gid: 0, mode: 0o755 } });
      t.is(await directoryOf(storage, "v"), await directoryOf(storage, "v"));
    },
  },
  {
    title: "remove",
    prepare: (storage) => withFile(storage, "v"),
    act: (storage) => storage.remove("v", node1),
    after: async (t, storage) => {
      t.is(await storage.get("v"), null);
      t.is((await storage.trash()).length, 1);
      t.is((await storage.getApp("v"))?.owner, null);
      await storage.undelete(await entryOf(storage), null, node1);
      t.is(await content(storage, "v"), "hello");
      t.deepEqual((await storage.getApp("v"))?.owner, stack);
    },
  },
  {
    title: "undelete",
    prepare: async (storage) => {
      await withFile(storage, "v");
      await storage.remove("v", node1);
      return entryOf(storage);
    },
    act: (storage, entry) => storage.undelete(entry, "w", node1),
    after: async (t, storage) => {
      t.is((await storage.get("w"))?.state, "ready");
      t.is(await content(storage, "w"), "hello");
      t.deepEqual(await storage.trash(), []);
      t.deepEqual((await storage.getApp("v"))?.owner, stack);
    },
  },
  {
    title: "revival of a retained volume",
    prepare: async (storage) => {
      await create(storage, "v", { "on-remove": "retain" });
      await writeFile(join(await directoryOf(storage, "v"), "file"), "hello");
      await storage.remove("v", node1);
    },
    act: (storage) => create(storage, "v"),
    after: async (t, storage) => {
      t.is((await storage.get("v"))?.state, "ready");
      t.is(await content(storage, "v"), "hello");
    },
  },
  {
    title: "adoption",
    prepare: async (storage) => {
      const path = storage.url.slice("dir://".length);
      await mkdir(join(path, "old/blog"), { recursive: true, mode: 0o750 });
      await writeFile(join(path, "old/blog/file"), "hello");
    },
    act: (storage) => adopt(storage, "old/blog", "v"),
    after: async (t, storage, path) => {
      t.is((await storage.get("v"))?.state, "ready");
      t.is(await content(storage, "v"), "hello");
      t.deepEqual(await readdir(join(path, "old")), []);
    },
  },
  {
    title: "change",
    prepare: (storage) => withFile(storage, "v"),
    act: (storage) => storage.update("v", { backup: "off" }, node1),
    after: async (t, storage) => {
      t.is((await storage.get("v"))?.backup, "off");
    },
  },
  {
    title: "attach",
    prepare: (storage) => withFile(storage, "v"),
    act: (storage) => storage.attach("v", node1, ["container x"]),
    after: async (t, storage) => {
      await t.throwsAsync(storage.remove("v", node2), { code: "in-use" });
    },
  },
  {
    title: "purge",
    prepare: async (storage) => {
      await withFile(storage, "v");
      await storage.remove("v", node1);
      return entryOf(storage);
    },
    act: (storage, entry) => storage.purge([entry], node1),
    after: async (t, storage, path) => {
      t.deepEqual(await storage.trash(), []);
      await storage.housekeep(node2);
      t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
    },
  },
];

/** The steps that a story goes through, found by going through it. */
async function stepsOf(t: ExecutionContext, story: Story): Promise<readonly string[]> {
  const steps: string[] = [];
  const { path, entry } = await prepared(t, story);
  const storage = directoryStorage(path, { checkpoint: async (name) => void steps.push(name) });
  await storage.open(null);
  await story.act(storage, entry);
  return steps;
}

async function prepared(
  t: ExecutionContext,
  story: Story,
): Promise<{ path: string; entry: string }> {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  const entry = (await story.prepare(storage)) ?? "";
  return { path, entry };
}

/** Begins a story and stops it for good at its nth step, as a crash does; `resume` lets it go on, as after a pause. */
async function stopAt(
  t: ExecutionContext,
  path: string,
  entry: string,
  story: Story,
  step: number,
): Promise<{ resume: () => Promise<unknown> }> {
  const stopped = Promise.withResolvers<void>();
  const resumed = Promise.withResolvers<void>();
  let count = 0;
  const storage = directoryStorage(path, {
    checkpoint: async () => {
      count += 1;
      if (count !== step + 1) return;
      stopped.resolve();
      await resumed.promise;
    },
  });
  await storage.open(null);
  const act = story.act(storage, entry);
  const resume = async (): Promise<void> => {
    resumed.resolve();
    await Promise.allSettled([act]);
  };
  t.teardown(resume);
  await Promise.race([stopped.promise, act]);
  return { resume };
}

for (const story of stories) {
  test(`${story.title}: a crash at any step is mended by doing it again`, async (t) => {
    t.timeout(120_000);
    const steps = await stepsOf(t, story);
    t.true(steps.length > 0);
    await Promise.all(
      steps.map(async (step, index) => {
        const { path, entry } = await prepared(t, story);
        await stopAt(t, path, entry, story, index);
        const storage = directoryStorage(path);
        await storage.open(null);
        try {
          await story.act(storage, entry);
        } catch (error) {
          // Where the crash came after the last step that matters, what is to be done is done already.
          t.like(error, { code: "not-found" }, step);
        }
        await story.after(t, storage, path);
        t.deepEqual((await storage.list()).damaged, [], step);
        t.deepEqual(await readdir(join(path, ".swarmnfs/claims")), [], step);
      }),
    );
  });

  test(`${story.title}: whoever was paused at any step and goes on harms nobody`, async (t) => {
    t.timeout(120_000);
    const steps = await stepsOf(t, story);
    await Promise.all(
      steps.map(async (step, index) => {
        const { path, entry } = await prepared(t, story);
        const { resume } = await stopAt(t, path, entry, story, index);
        const storage = directoryStorage(path);
        await storage.open(null);
        await Promise.allSettled([story.act(storage, entry)]);
        // Life has gone on: what there was went to the trash, and the name has come again with other data.
        for (const name of ["v", "w"])
          await Promise.allSettled([storage.remove(name, node2), storage.remove(name, node1)]);
        const trashed = (await storage.trash()).map(({ id }) => id);
        const volume = await create(storage, "v", {}, node2);
        await writeFile(join(await directoryOf(storage, "v"), "other"), "other");
        const revision = (await storage.get("v"))?.revision;
        const sign = { volume: "v", since: "2026-03-01T09:00:00Z", consumers: ["service s"] };
        await storage.renew([sign], node2);
        await resume();
        t.like(await storage.get("v"), { id: volume.id, state: "ready", revision }, step);
        t.is(await readFile(join(await directoryOf(storage, "v"), "other"), "utf8"), "other", step);
        t.deepEqual(
          (await storage.list()).uses["v"]?.map(({ node }) => node),
          [node2.name],
          step,
        );
        if (story.title !== "purge" && story.title !== "undelete") {
          t.deepEqual(
            (await storage.trash()).map(({ id }) => id),
            trashed,
            step,
          );
        }
      }),
    );
  });
}
