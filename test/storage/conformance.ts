import { randomUUID } from "node:crypto";
import { access, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { parseOptions } from "../../storage/rules/options.ts";
import { scratchName, scratchOptions } from "../../storage/rules/scratch-name.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { NodeIdentity, Storage } from "../../storage/storage.ts";

/** One storage in a place of its own, as any number of nodes see it. */
export interface Place {
  /** Another node's view of the same storage, not opened yet. Closed by the place when the test ends. */
  connect(): Storage;
  /** It is a server of ours: it keeps house itself, knows since when it gave what, and gives nobody the whole of it. */
  readonly isServer?: true;
}

export type MakePlace = (t: ExecutionContext) => Promise<Place>;

export const node1: NodeIdentity = { id: "018f0000-0000-7000-8000-000000000001", name: "node1" };
export const node2: NodeIdentity = { id: "018f0000-0000-7000-8000-000000000002", name: "node2" };

function asNode({ id, name }: NodeIdentity): { node: string; nodeId: string } {
  return { node: name, nodeId: id };
}

/** Shorthand for a creation. */
export function create(
  storage: Storage,
  name: string,
  options: Record<string, string> = {},
  by = node1,
): Promise<VolumeRecord> {
  return storage.create({ name, options: parseOptions(options) }, by);
}

/** The directory of a volume, as the test's process sees it. */
export async function directoryOf(storage: Storage, name: string): Promise<string> {
  const { source } = await storage.attach(name, node1, []);
  await storage.detach(name, node1);
  return source;
}

/** What every implementation of Storage owes its callers. Call it once for each. */
export function conformance(kind: string, makePlace: MakePlace): void {
  const sentence = (
    title: string,
    work: (t: ExecutionContext, a: Storage, b: Storage, place: Place) => Promise<void>,
  ): void => {
    test.serial(`${kind}: ${title}`, async (t) => {
      t.timeout(60_000);
      const place = await makePlace(t);
      const a = place.connect();
      const { id } = await a.open(null);
      const b = place.connect();
      await b.open(id);
      await work(t, a, b, place);
    });
  };

  sentence("keeps its id, and is refused under another one", async (t, a, _b, place) => {
    const { id } = await a.open(null);
    t.is((await place.connect().open(null)).id, id);
    await t.throwsAsync(place.connect().open(randomUUID()), {
      code: "unavailable",
      message: /another storage/,
    });
  });

  sentence("refuses everything before it was opened", async (t, _a, _b, place) => {
    await t.throwsAsync(place.connect().list(), { code: "unavailable" });
  });

  sentence(
    "a volume is a directory with its owner and mode, and every node sees it",
    async (t, a, b) => {
      const made = await create(a, "blog_data", {
        app: "blog",
        uid: "1000",
        gid: "33",
        mode: "2750",
      });
      t.is(made.state, "ready");
      t.is(made.createdBy, "node1");
      t.deepEqual(await b.get("blog_data"), made);
      t.deepEqual((await b.list()).volumes, [made]);
      const { uid, gid, mode } = await stat(await directoryOf(b, "blog_data"));
      t.deepEqual([uid, gid, mode & 0o7777], [1000, 33, 0o2750]);
    },
  );

  sentence(
    "creating again with the same options, however written, gives the same volume",
    async (t, a, b) => {
      const made = await create(a, "v", { app: "x", services: "x,y", mode: "0750" });
      for (const options of [
        {},
        { app: "x" },
        { services: "y|x" },
        { mode: "750", access: "shared" },
      ]) {
        t.deepEqual(await create(b, "v", options, node2), made);
      }
    },
  );

  sentence("creating again with other options is a conflict that lists them", async (t, a, b) => {
    await create(a, "blog_data", { app: "blog", uid: "5" });
    await t.throwsAsync(create(b, "blog_data", { app: "shop", uid: "6" }), {
      code: "conflict",
      message:
        /"blog_data" exists with app=blog, uid=5, and app=shop, uid=6 was asked for\. Use another name, or remove/,
    });
    await t.throwsAsync(create(b, "blog_data", { access: "readonly" }), {
      code: "conflict",
      message: /exists with access=shared, and access=readonly was asked for/,
    });
  });

  sentence("two nodes that create a volume at once get the same one", async (t, a, b) => {
    for (let round = 0; round < 10; round += 1) {
      const [one, two] = await Promise.all([
        create(a, `v${round}`),
        create(b, `v${round}`, {}, node2),
      ]);
      t.is(one.id, two.id);
      t.is(one.state, "ready");
      t.is(two.state, "ready");
    }
  });

  sentence(
    "of two nodes that create a volume differently at once, one is told",
    async (t, a, b) => {
      const results = await Promise.allSettled([
        create(a, "v", { app: "x" }),
        create(b, "v", { app: "y" }, node2),
      ]);
      t.deepEqual(results.map((result) => result.status).toSorted(), ["fulfilled", "rejected"]);
      const volume = await a.get("v");
      t.is(volume?.state, "ready");
    },
  );

  sentence("many volumes can be made at once", async (t, a, b) => {
    const names = Array.from({ length: 40 }, (_, index) => `v${index}`);
    await Promise.all(names.map((name, index) => create(index % 2 ? a : b, name)));
    t.deepEqual((await a.list()).volumes.map(({ name }) => name).toSorted(), names.toSorted());
  });

  sentence("names that differ in case alone are refused, across nodes", async (t, a, b) => {
    await create(a, "blog", { app: "one" });
    await t.throwsAsync(create(b, "Blog", { app: "two" }), {
      code: "invalid",
      message: /existing volume "blog"/,
    });
    await t.throwsAsync(create(b, "other", { app: "One" }), {
      code: "invalid",
      message: /existing app "one"/,
    });
    await a.remove("blog", node1);
    await t.notThrowsAsync(create(b, "Blog", { app: "two" }));
  });

  sentence(
    "an app's rules come from its first volume; later ones inherit and may only narrow",
    async (t, a, b) => {
      await create(a, "one", { app: "blog", services: "web,api", hosts: "node*" });
      const app = await b.getApp("blog");
      t.deepEqual(app?.services, ["web", "api"]);
      t.deepEqual(app?.hosts, ["node*"]);
      t.is((await create(b, "two", { app: "blog" })).services, null);
      const narrow = await create(b, "three", { app: "blog", services: "api", hosts: "node1" });
      t.deepEqual(narrow.services, ["api"]);
      t.deepEqual(narrow.hosts, ["node1"]);
      for (const more of [
        { services: "api,shop" },
        { services: "*" },
        { hosts: "*" },
        { hosts: "db1" },
      ]) {
        await t.throwsAsync(create(b, "four", { app: "blog", ...more }), {
          code: "conflict",
          message: /swarmnfs apps set blog/,
        });
      }
      t.is(await b.get("four"), null);
    },
  );

  sentence("who may mount has the documented defaults", async (t, a) => {
    await create(a, "one", { app: "blog" });
    await create(a, "alone");
    await create(a, "all", { app: "shared" });
    t.deepEqual((await a.getApp("blog"))?.services, ["blog"]);
    t.is((await a.getApp("alone"))?.services, "first");
    t.deepEqual((await a.getApp("shared"))?.services, ["*"]);
    t.is((await a.get("alone"))?.app, "alone");
    await t.throwsAsync(create(a, "shared"), { code: "invalid", message: /app=shared/ });
    await t.throwsAsync(create(a, "root"), { code: "invalid", message: /needs -o app=/ });
  });

  const stack = { kind: "stack" as const, name: "blog", since: "2026-03-01T00:00:00Z" };
  const other = { kind: "stack" as const, name: "shop", since: "2026-03-01T00:00:00Z" };

  sentence("of two that claim an app first, one owns it, and both learn who", async (t, a, b) => {
    await create(a, "v");
    const [one, two] = await Promise.all([a.claimApp("v", stack), b.claimApp("v", other)]);
    t.deepEqual(one.owner, two.owner);
    t.truthy(one.owner);
    await create(a, "listed", { app: "listed" });
    t.is((await a.claimApp("listed", stack)).owner, null);
    await t.throwsAsync(a.claimApp("nobody", stack), { code: "not-found" });
  });

  sentence(
    "an app is free again after its last volume, and its owner's again after undelete",
    async (t, a) => {
      await create(a, "v");
      await create(a, "w", { app: "v" });
      await a.claimApp("v", stack);
      await a.remove("w", node1);
      t.deepEqual((await a.getApp("v"))?.owner, stack);
      await a.remove("v", node1);
      t.is((await a.getApp("v"))?.owner, null);
      const entry = (await a.trash()).find(({ record }) => record.volume.name === "v");
      await a.undelete(entry?.id ?? "", null, node1);
      t.deepEqual((await a.getApp("v"))?.owner, stack);
    },
  );

  sentence("undelete does not hand data to whoever took the app meanwhile", async (t, a) => {
    await create(a, "v");
    await a.claimApp("v", stack);
    await a.remove("v", node1);
    await create(a, "v");
    await a.claimApp("v", other);
    const [entry] = await a.trash();
    await t.throwsAsync(a.undelete(entry?.id ?? "", "v2", node1), {
      code: "conflict",
      message: /stack "shop"/,
    });
    await a.updateApp("v", { services: ["blog", "shop"] }, node1);
    t.is((await a.undelete(entry?.id ?? "", "v2", node1)).state, "ready");
  });

  sentence("an administrator changes rules, and changes at once are not lost", async (t, a, b) => {
    await create(a, "v", { app: "x" });
    await Promise.all([
      a.update("v", { access: "readonly" }, node1),
      b.update("v", { backup: "off" }, node2),
      a.update("v", { onRemove: "delete" }, node1),
      b.update("v", { mountOptions: ["noatime"] }, node2),
    ]);
    const record = await a.get("v");
    t.like(record, {
      access: "readonly",
      backup: "off",
      onRemove: "delete",
      mountOptions: ["noatime"],
      revision: 6,
    });
    await a.updateApp("x", { services: ["x", "y"], hosts: ["node1"] }, node1);
    t.deepEqual((await b.getApp("x"))?.services, ["x", "y"]);
    await b.update("v", { services: ["y"] }, node1);
    t.deepEqual((await a.get("v"))?.services, ["y"]);
    await t.throwsAsync(b.update("v", { services: ["z"] }, node1), { code: "conflict" });
    await t.throwsAsync(b.update("nothing", { backup: "off" }, node1), { code: "not-found" });
    await t.throwsAsync(b.updateApp("nothing", { hosts: ["*"] }, node1), { code: "not-found" });
    await t.throwsAsync(b.update("v", { mountOptions: ["suid"] }, node1), { code: "invalid" });
    await t.throwsAsync(b.updateApp("x", { hosts: ["a b"] }, node1), { code: "invalid" });
  });

  sentence(
    "a volume that another node uses is not removed, and the refusal says who",
    async (t, a, b, { isServer }) => {
      await create(a, "blog_data");
      await b.attach("blog_data", node2, ["service blog_web"]);
      await t.throwsAsync(a.remove("blog_data", node1), {
        code: "in-use",
        message:
          /"blog_data" is mounted on node2 \(service blog_web, since .+Z\)\. Remove the service/,
      });
      t.is((await a.get("blog_data"))?.state, "ready");
      t.is((await a.list()).uses["blog_data"]?.[0]?.node, "node2");
      await b.renew(
        [{ volume: "blog_data", since: "2026-03-01T00:00:00Z", consumers: ["service blog_api"] }],
        node2,
      );
      await t.throwsAsync(a.remove("blog_data", node1), {
        message: isServer
          ? /service blog_api, since .+Z/
          : /service blog_api, since 2026-03-01 00:00:00Z/,
      });
      await b.detach("blog_data", node2);
      t.deepEqual((await a.list()).uses, {});
      await a.attach("blog_data", node1, []);
      t.is((await a.remove("blog_data", node1)).kind, "trashed");
    },
  );

  sentence(
    "a volume that is seen to be there under a sign of use is not removed from under it",
    async (t, a, b) => {
      const { id } = await create(a, "v");
      await b.attach("v", node2, ["service s"], id);
      for (let round = 0; round < 5; round += 1) {
        const [seen, removal] = await Promise.allSettled([b.get("v"), a.remove("v", node1)]);
        t.like(seen, { status: "fulfilled", value: { id, state: "ready" } });
        t.like(removal, { status: "rejected", reason: { code: "in-use" } });
      }
      // As long as it is renewed, and whatever another node that had it too gives back.
      await a.attach("v", node1, []);
      await b.renew([{ volume: "v", since: "2026-03-01T00:00:00Z", consumers: [] }], node2);
      await a.detach("v", node1);
      await t.throwsAsync(a.remove("v", node1), { code: "in-use" });
      t.like(await b.get("v"), { id, state: "ready" });
    },
  );

  sentence(
    "what is removed can be brought back, under its own name or another",
    async (t, a, b) => {
      const made = await create(a, "v", { app: "x", uid: "7" });
      await writeFile(join(await directoryOf(a, "v"), "file"), "hello");
      const outcome = await a.remove("v", node1);
      t.is(await b.get("v"), null);
      t.deepEqual((await b.list()).volumes, []);
      await t.throwsAsync(b.attach("v", node2, []), { code: "not-found" });
      const [entry] = await b.trash();
      t.is(outcome.kind === "trashed" ? outcome.entry : outcome.kind, entry?.id ?? "");
      t.is(entry?.record.removedBy, "node1");
      const back = await b.undelete(entry?.id ?? "", null, node2);
      t.like(back, { id: made.id, name: "v", app: "x", state: "ready", fsid: made.fsid });
      t.is(await readFile(join(await directoryOf(a, "v"), "file"), "utf8"), "hello");
      t.deepEqual(await a.trash(), []);

      await a.remove("v", node1);
      await create(a, "v", { app: "x" });
      const [again] = await a.trash();
      await t.throwsAsync(a.undelete(again?.id ?? "", null, node1), {
        code: "conflict",
        message: /--as NAME/,
      });
      t.like(await a.undelete(again?.id ?? "", "v2", node1), { name: "v2", app: "x" });
      const file = join(await directoryOf(b, "v2"), "file");
      t.is(await readFile(file, "utf8"), "hello");
      t.is((await stat(join(file, ".."))).uid, 7);
    },
  );

  sentence("an entry is brought back once, however many try", async (t, a, b) => {
    await create(a, "v");
    await a.remove("v", node1);
    const [entry] = await a.trash();
    const results = await Promise.allSettled([
      a.undelete(entry?.id ?? "", "one", node1),
      b.undelete(entry?.id ?? "", "two", node2),
    ]);
    t.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    t.is((await a.list()).volumes.length, 1);
  });

  sentence(
    "of volumes removed one after the other, the last is the newest in the trash",
    async (t, a) => {
      const removed: string[] = [];
      for (let round = 0; round < 5; round += 1) {
        await create(a, "v");
        const outcome = await a.remove("v", node1);
        removed.push(outcome.kind === "trashed" ? outcome.entry : outcome.kind);
      }
      const entries = await a.trash();
      t.deepEqual(
        entries.map(({ id }) => id),
        removed,
      );
      t.is(new Set(entries.map(({ record }) => record.removedAt)).size, 5);
    },
  );

  sentence("purging destroys for good, and once", async (t, a, b) => {
    await create(a, "v");
    const folder = await directoryOf(a, "v");
    await writeFile(join(folder, "file"), "hello");
    await a.remove("v", node1);
    const [entry] = await a.trash();
    const id = entry?.id ?? "";
    const purged = await Promise.all([a.purge([id], node1), b.purge([id], node2)]);
    t.deepEqual(purged.flat(), [id]);
    t.deepEqual(await b.trash(), []);
    await t.throwsAsync(a.undelete(id, null, node1), {
      code: "not-found",
      message: /swarmnfs trash/,
    });
    await t.throwsAsync(access(folder));
  });

  sentence("on-remove decides how long data stays", async (t, a) => {
    await create(a, "archived");
    await create(a, "deleted", { "on-remove": "delete" });
    const hours = async (name: string): Promise<number> => {
      const outcome = await a.remove(name, node1);
      return outcome.kind === "trashed"
        ? Math.round((Date.parse(outcome.purgeAt) - Date.now()) / 3_600_000)
        : 0;
    };
    t.is(await hours("archived"), 30 * 24);
    t.is(await hours("deleted"), 24);
  });

  sentence(
    "a retained volume stays, and comes back with its old rules by being created",
    async (t, a, b) => {
      const made = await create(a, "v", { app: "x", "on-remove": "retain" });
      await writeFile(join(await directoryOf(a, "v"), "file"), "hello");
      t.deepEqual(await a.remove("v", node1), { kind: "retained" });
      t.deepEqual(await a.remove("v", node1), { kind: "retained" });
      t.is((await b.get("v"))?.state, "retained");
      t.deepEqual(await b.trash(), []);
      await t.throwsAsync(b.attach("v", node2, []), { code: "not-found" });
      await t.throwsAsync(create(b, "v", { app: "y" }), {
        code: "conflict",
        message: /was removed and kept with app=x/,
      });
      t.like(await create(b, "v", {}, node2), { id: made.id, app: "x", state: "ready" });
      t.is(await readFile(join(await directoryOf(b, "v"), "file"), "utf8"), "hello");
    },
  );

  sentence(
    "a root volume is the whole storage, read-only unless asked, and only forgotten when removed",
    async (t, a, _b, { isServer }) => {
      await create(a, "v", { app: "x" });
      if (isServer) {
        // It names the nodes that may, and here none.
        await t.throwsAsync(create(a, "all", { root: "true" }), { code: "denied" });
        return;
      }
      await create(a, "all", { root: "true" });
      await create(a, "all_rw", { root: "true", access: "shared" });
      const whole = await a.attach("all", node1, []);
      t.true(whole.options.includes("ro"));
      t.false((await a.attach("all_rw", node1, [])).options.includes("ro"));
      t.is(join(whole.source, "apps/x/v"), await directoryOf(a, "v"));
      t.deepEqual(await a.remove("all", node1), { kind: "forgotten" });
      t.is(await a.get("all"), null);
      t.is((await a.get("v"))?.state, "ready");
    },
  );

  sentence("read-only volumes are attached read-only, with the options asked for", async (t, a) => {
    await create(a, "v", { access: "readonly", "mount-options": "noatime,timeo=600" });
    const { options } = await a.attach("v", node1, []);
    t.deepEqual(
      options.filter((option) => ["ro", "noatime"].includes(option)),
      ["ro", "noatime"],
    );
  });

  sentence("a volume that was made anew is not mistaken for the one before it", async (t, a, b) => {
    const { id } = await create(a, "v", { app: "blog" });
    t.truthy((await b.attach("v", node2, [], id)).source);
    await b.detach("v", node2);
    await a.remove("v", node1);
    const { id: next } = await create(a, "v", { app: "shop" });
    await t.throwsAsync(b.attach("v", node2, [], id), { code: "conflict" });
    t.deepEqual((await a.list()).uses, {});
    t.truthy((await b.attach("v", node2, [], next)).source);
  });

  sentence("unknown volumes are not found, and detaching them is fine", async (t, a) => {
    t.is(await a.get("nothing"), null);
    t.is(await a.getApp("nothing"), null);
    await t.throwsAsync(a.attach("nothing", node1, []), { code: "not-found" });
    await t.throwsAsync(a.remove("nothing", node1), { code: "not-found" });
    await t.throwsAsync(a.usage("nothing"), { code: "not-found" });
    await t.throwsAsync(a.undelete("nothing@20260301T000000Z-00000000", null, node1), {
      code: "not-found",
    });
    await t.notThrowsAsync(a.detach("nothing", node1));
  });

  sentence("names that could leave the storage are refused everywhere", async (t, a) => {
    for (const name of ["../../x", "..", ".", "", "a/b", ".swarmnfs", "a\0b", "__proto__"]) {
      const calls = [
        () => create(a, name, { app: "x" }),
        () => a.get(name),
        () => a.update(name, {}, node1),
        () => a.remove(name, node1),
        () => a.attach(name, node1, []),
        () => a.detach(name, node1),
        () => a.renew([{ volume: name, since: "2026-03-01T00:00:00Z", consumers: [] }], node1),
        () => a.getApp(name),
        () => a.updateApp(name, {}, node1),
        () => a.claimApp(name, stack),
        () => a.usage(name),
      ];
      for (const call of calls) await t.throwsAsync(call(), { code: "invalid" }, String(call));
    }
    await create(a, "v");
    await a.remove("v", node1);
    for (const id of ["..", "../trash", "", "v", "v@../../x", "."]) {
      await t.throwsAsync(a.undelete(id, "w", node1), { code: "not-found" });
      await t.throwsAsync(a.purge([id], node1), { code: "not-found" });
    }
    const [entry] = await a.trash();
    await t.throwsAsync(a.undelete(entry?.id ?? "", "../x", node1), { code: "invalid" });
  });

  sentence("what a volume holds is counted, and every node sees the result", async (t, a, b) => {
    await create(a, "v");
    await writeFile(join(await directoryOf(a, "v"), "file"), Buffer.alloc(1_000_000, 1));
    const usage = await a.usage("v");
    t.true(usage.bytes >= 1_000_000 && usage.bytes < 1_100_000, `${usage.bytes}`);
    t.is(usage.files, 2);
    t.deepEqual((await b.list()).usage["v"], usage);
  });

  sentence("one node keeps house, and what is past its time is purged", async (t, a, b, place) => {
    await create(a, "v");
    await a.remove("v", node1);
    const reports = await Promise.all([a.housekeep(node1), b.housekeep(node2)]);
    t.is(reports.filter(({ held }) => held).length, place.isServer ? 0 : 1);
    t.deepEqual(
      reports.flatMap(({ purged }) => purged),
      [],
    );
    t.is((await a.trash()).length, 1);
  });

  sentence("what is remembered of the past is what was written down on each day", async (t, a) => {
    await create(a, "v");
    await a.housekeep(node1);
    const { days, volumes, backup } = await a.review("2026-01-01T00:00:00Z");
    t.is(Object.values(volumes).flat().length, days.length * Object.keys(volumes).length);
    t.is(backup, null);
  });

  sentence(
    "a node that asks all others is heard by them, and hears what each says, until it is over",
    async (t, a, b) => {
      const id = randomUUID();
      const volume = scratchName(id);
      await create(a, volume, scratchOptions);
      t.deepEqual((await b.list()).rollCalls, []);
      const asked = { schema: 1, id, version: "1.0.0", volume, token: "x" } as const;
      const calledAt = new Date().toISOString();
      await a.callRoll?.({ ...asked, ...asNode(node1), calledAt }, node1);
      const heard = (await b.list()).rollCalls ?? [];
      t.like(heard, [{ ...asked, node: "node1" }]);
      t.is((await a.list()).rollCalls?.length, 1);
      const said = {
        schema: 1,
        swarmNode: null,
        version: "1.0.0",
        at: new Date().toISOString(),
        findings: [{ level: "ok", title: "well" }],
        scratch: { ok: true, reason: "" },
      } as const;
      for (let twice = 0; twice < 2; twice += 1)
        await b.answerRoll?.(
          id,
          { ...said, ...asNode(node2), findings: [...said.findings] },
          node2,
        );
      const answers = (await a.rollAnswers?.(id)) ?? [];
      t.like(answers, [{ ...said, node: "node2" }]);
      t.is(answers.length, 1);
      t.true(Math.abs(answers[0]?.aheadMs ?? Infinity) < 60_000);
      await a.endRoll?.(id, node1);
      t.deepEqual((await b.list()).rollCalls, []);
      t.is(await a.get(volume), null);
      t.deepEqual(await a.trash(), []);
      await a.endRoll?.(id, node1);
      await t.throwsAsync(
        async () =>
          b.answerRoll?.(id, { ...said, ...asNode(node2), findings: [...said.findings] }, node2),
        { code: "not-found" },
      );
    },
  );

  sentence("health says how much space there is", async (t, a) => {
    const { state, total, free } = await a.health();
    t.true(["ok", "nearly-full"].includes(state));
    // What is empty may count as nothing used: CephFS counts by 4 MB.
    t.true(total >= free && free > 0);
  });

  sentence("what another node changes is seen at once", async (t, a, b) => {
    for (let round = 0; round < 5; round += 1) {
      await create(a, `v${round}`);
      t.is((await b.list()).volumes.length, round + 1);
      await b.update("v0", { backup: round % 2 ? "off" : "default" }, node2);
      t.is(
        (await a.list()).volumes.find(({ name }) => name === "v0")?.backup,
        round % 2 ? "off" : "default",
      );
    }
  });

  sentence(
    "volumes with the names of things every object has are volumes like others",
    async (t, a) => {
      for (const name of ["constructor", "toString", "hasOwnProperty"]) {
        await create(a, name);
        await a.attach(name, node1, []);
        t.is((await a.usage(name)).files, 1);
      }
      t.is((await a.list()).volumes.length, 3);
    },
  );
}
