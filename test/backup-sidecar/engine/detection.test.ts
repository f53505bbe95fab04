import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { RemoteFailure } from "../../../backup-sidecar/repository/failure.ts";
import { Restic } from "../../../backup-sidecar/engine/restic.ts";
import { BackedUp, type Service } from "./backed-up.ts";
import { openDav } from "./dav.ts";

test("nothing on the server and never backed up: made with the lease, refused without it", async (t) => {
  const place = await BackedUp.begin(t);
  const { repositories, hold } = await place.service();
  t.deepEqual(await repositories.examine("blog"), { kind: "new" });
  await t.throwsAsync(repositories.open("blog"), { message: /was never backed up/ });
  t.deepEqual(await readdir(place.onServer("")), []);
  const made = await repositories.open("blog", { lease: await hold() });
  t.deepEqual(await repositories.examine("blog"), { kind: "ready", id: made.id });
  t.is((await repositories.open("blog")).id, made.id);
});

test("a known repository that is not there is an alarm, and nothing is made in its place", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  const lease = await one.hold();
  await one.repositories.open("blog", { lease });
  // The disk of the NAS is not mounted: the folder is there, and empty.
  await rename(place.onServer("repositories"), place.onServer("../away"));
  t.like(await one.repositories.examine("blog"), { kind: "gone" });
  await t.throwsAsync(one.repositories.open("blog", { lease }), {
    message: /not where it was.*disk mounted/s,
  });
  // Nor for an app that was never backed up: those of the others are missing.
  t.like(await one.repositories.examine("shop"), { kind: "gone" });
  // Nor by a service that has only the storage's word, or the server's own.
  await rm(path.join(place.top, "state/one/own"), { recursive: true });
  await mkdir(path.join(place.top, "state/one/own"));
  t.like(await one.repositories.examine("blog"), { kind: "gone" });
  await rm(path.join(place.storage, ".swarmnfs/backup/pins"), { recursive: true });
  place.told = { repository: "ab".repeat(32), storage: null };
  t.like(await one.repositories.examine("blog"), { kind: "gone" });
  t.deepEqual(await readdir(place.onServer("")), []);
});

test("a server that does not let us see is told from one that has nothing", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  place.server.trouble = new RemoteFailure("auth", "the password is refused");
  t.deepEqual(await one.repositories.examine("blog"), {
    kind: "unreachable",
    reason: "the password is refused",
  });
  const lease = await one.hold();
  await t.throwsAsync(one.repositories.open("blog", { lease }), { message: /password is refused/ });
});

test("fault 21: a wrong password is said to be one; a recovery key opens the repository; nothing is written", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  const repository = await one.repositories.open("blog", { lease: await one.hold() });
  await place.password("another\n");
  const recovery = path.join(place.top, "recovery");
  await writeFile(recovery, "recovery key\n");
  t.like(await one.repositories.examine("blog"), { kind: "wrong-password" });
  const lease = await one.hold().catch(() => null);
  t.is(lease, null, "the lease is ours already");
  await place.password("correct horse\n");
  const added = await repository.keys.add(recovery);
  t.is((await repository.keys.list()).length, 2);
  await place.password("recovery key");
  t.deepEqual(await one.repositories.examine("blog"), { kind: "ready", id: repository.id });
  // Another node took the first password away: this one is told so.
  const first = (await repository.keys.list()).find(({ id }) => id !== added);
  const permit = {
    run: "key remove",
    kinds: ["keys"] as const,
    names: [first?.id ?? ""],
    maxCount: 1,
    maxBytes: 10_000,
  };
  await repository.keys.remove(first?.id ?? "", permit);
  await place.password("correct horse");
  t.like(await one.repositories.examine("blog"), { kind: "wrong-password" });
});

test("fault 21: an empty password file is refused before anything is asked", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  await place.password("\n");
  const lease = await one.hold();
  await t.throwsAsync(one.repositories.open("blog", { lease }), { message: /password/ });
  t.deepEqual(await readdir(place.onServer("")), []);
});

test("fault 22: two services that start at once make one repository", async (t) => {
  const place = await BackedUp.begin(t);
  const services = [await place.service("one"), await place.service("two")];
  const opened = await Promise.allSettled(
    services.map(async ({ repositories, hold }) =>
      repositories.open("blog", { lease: await hold() }),
    ),
  );
  t.deepEqual(opened.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  const refused = opened.find(({ status }) => status === "rejected");
  t.regex(String(refused?.status === "rejected" && refused.reason), /backup service/);
  t.is((await readdir(place.onServer("repositories/blog/keys"))).length, 1);
  // The other one finds it as soon as it may.
  for (const { repositories } of services)
    t.like(await repositories.examine("blog"), { kind: "ready" });
});

test("fault 22: two storages of one name on one server do not write into each other's repositories", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  await one.repositories.open("blog", { lease: await one.hold() });
  place.told = { repository: (await one.repositories.open("blog")).id, storage: one.world.storage };
  const other = await anotherStorage(place);
  t.like(await other.repositories.examine("blog"), { kind: "ready" });
  const lease = await other.hold();
  await t.throwsAsync(other.repositories.open("blog", { lease }), {
    message: /belongs to another storage/,
  });
  // Unless somebody says that it takes the other's place.
  await t.notThrowsAsync(other.repositories.open("blog", { lease, adopt: true }));
});

test("fault 23: a repository of a newer format is left alone", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  const lease = await one.hold();
  const { id } = await one.repositories.open("blog", { lease });
  // As a newer restic would answer; the config itself is encrypted.
  class Newer extends Restic {
    override async ask(): Promise<unknown> {
      return { version: 3, id };
    }
  }
  const newer = new Newer(one.world.restic.place);
  const two = await place.service("two", { restic: newer });
  t.like(await two.repositories.examine("blog"), { kind: "too-new" });
  await t.throwsAsync(two.repositories.open("blog", { lease }), { message: /format 3.*Upgrade/s });
});

test("fault 24: foreign files at a repository's place are no repository, and nothing is written beside them", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  await mkdir(place.onServer("repositories/blog/data"), { recursive: true });
  await writeFile(place.onServer("repositories/blog/holiday.jpg"), "a picture");
  const lease = await one.hold();
  await t.throwsAsync(one.repositories.open("blog", { lease }), {
    message: /damaged repository, or something else/,
  });
  t.deepEqual(await readdir(place.onServer("repositories/blog")), ["data", "holiday.jpg"]);
});

test("fault 24: foreign files in a repository do no harm", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  const repository = await one.repositories.open("blog", { lease: await one.hold() });
  await mkdir(place.onServer("repositories/blog/@eaDir"));
  for (const name of ["._.DS_Store", "snapshots/Thumbs.db", "data/readme.txt"])
    await writeFile(place.onServer(`repositories/blog/${name}`), "left here by a NAS");
  const volume = await place.volume("blog", "blog_data", [["one", 1000]]);
  await repository.backup(place.view(volume), { host: "blog_data", tags: [] });
  t.true((await repository.check({ read: "all" })).ok);
});

test("fault 25: a config that a second init has overwritten is noticed, and put back from our copy", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  const lease = await one.hold();
  const { id } = await one.repositories.open("blog", { lease });
  const other = await place.service("two");
  await rm(place.onServer("stranger"), { recursive: true, force: true });
  const strange = await anotherStorage(place, "stranger");
  await rename(place.onServer("repositories/blog"), place.onServer("kept"));
  await strange.repositories.open("blog", { lease: await strange.hold() });
  await rename(place.onServer("repositories/blog/config"), place.onServer("strange-config"));
  await rm(place.onServer("repositories/blog"), { recursive: true });
  await rename(place.onServer("kept"), place.onServer("repositories/blog"));
  await copyFile(place.onServer("strange-config"), place.onServer("repositories/blog/config"));

  t.like(await other.repositories.examine("blog"), { kind: "damaged" });
  await t.throwsAsync(one.repositories.open("blog", { lease }), {
    message: /config .* was overwritten/,
  });
  t.is((await one.repositories.putBack("blog", lease)).id, id);
  t.deepEqual(await one.repositories.examine("blog"), { kind: "ready", id });
});

test("another repository in the place of ours is an alarm", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  const lease = await one.hold();
  await one.repositories.open("blog", { lease });
  await rename(place.onServer("repositories/blog"), place.onServer("kept"));
  const strange = await anotherStorage(place);
  await strange.repositories.open("blog", { lease: await strange.hold() });
  t.like(await one.repositories.examine("blog"), { kind: "foreign" });
  await t.throwsAsync(one.repositories.open("blog", { lease }), { message: /another repository/ });
});

test("another repository in the place of ours is an alarm, also while the bridge remembers ours", async (t) => {
  const place = await BackedUp.withBridge(t);
  const one = await place.service();
  const lease = await one.hold();
  await one.repositories.open("blog", { lease });
  await rename(place.onServer("repositories/blog"), place.onServer("kept"));
  // By a bridge of its own, as that of another service is.
  if (place.dav !== null) place.dav = await openDav(t, place.dav.server);
  const strange = await anotherStorage(place);
  await strange.repositories.open("blog", { lease: await strange.hold() });
  t.like(await one.repositories.examine("blog"), { kind: "foreign" });
});

test("a config that was put back is what restic reads from then on, through the bridge as well", async (t) => {
  const place = await BackedUp.withBridge(t);
  const one = await place.service();
  const lease = await one.hold();
  const { id } = await one.repositories.open("blog", { lease });
  await writeFile(place.onServer("repositories/blog/config"), randomBytes(155));
  t.like(await one.repositories.examine("blog"), { kind: "damaged" });
  const back = await one.repositories.putBack("blog", lease);
  t.is(back.id, id);
  t.true((await back.check()).ok);
});

test("a creation that was cut off at any point is finished by the next, and only ours", async (t) => {
  const place = await BackedUp.begin(t);
  const one = await place.service();
  const lease = await one.hold();
  await one.repositories.open("blog", { lease });
  const pin = {
    schema: 1,
    app: "blog",
    state: "creating",
    repository: null,
    at: "2026-01-01T00:00:00Z",
    counter: 1,
    config: null,
    keys: {},
  };
  await one.world.pins.write(pin as Parameters<typeof one.world.pins.write>[0]);
  // Cut off before it was written down as known.
  t.like(await one.repositories.examine("blog"), { kind: "ready" });
  // Cut off between the key and the config.
  await rm(place.onServer("repositories/blog/config"));
  t.deepEqual(await one.repositories.examine("blog"), { kind: "new" });
  await one.repositories.open("blog", { lease });
  t.is((await readdir(place.onServer("repositories/blog/keys"))).length, 1);
  t.like(await one.repositories.examine("blog"), { kind: "ready" });
});

/** A storage of its own, without any knowledge of the first one's. */
async function anotherStorage(place: BackedUp, name = "other"): Promise<Service> {
  const root = path.join(place.top, name);
  await mkdir(path.join(root, ".swarmnfs"), { recursive: true });
  return place.service(name, { storage: "018f0000-0000-7000-8000-000000000002" }, root);
}
