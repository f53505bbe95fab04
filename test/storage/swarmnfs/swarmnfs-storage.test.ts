import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import type { LeaseHolder, Release } from "../../../storage/lease-holder.ts";
import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";
import { parseOptions } from "../../../storage/rules/options.ts";
import { node1 } from "../conformance.ts";
import { eventually } from "../eventually.ts";
import { FakeProblem } from "./fake-control-server.ts";
import { storageId, SwarmnfsUnderTest } from "./swarmnfs-under-test.ts";

/** Does as it is told, and remembers it. */
class Holder implements LeaseHolder {
  readonly heard: string[] = [];
  answer: Release = { released: true };

  async release(volume: string): Promise<Release> {
    this.heard.push(`release ${volume}`);
    return this.answer;
  }

  changed(): void {
    this.heard.push("changed");
  }

  async fenced(): Promise<void> {
    this.heard.push("fenced");
  }

  async lost(volume: string, reason: string): Promise<void> {
    this.heard.push(`lost ${volume}: ${reason}`);
  }
}

test("what is mounted is the volume itself, by the server's address, with what it asks for", async (t) => {
  const { storage, add, ...world } = await begin(t);
  await storage.open(null);
  add("v", { mountOptions: ["noatime", "timeo=600"] });
  t.deepEqual(await storage.attach("v", node1, ["service blog_web"]), {
    type: "nfs4",
    source: "127.0.0.1:/v",
    options: ["hard", "nosharecache", "retry=0", "vers=4.2", "noatime", "timeo=600"],
  });
  await storage.attach("v", node1, []);
  t.is(world.test.identified, 1);
  t.like(storage.server, {
    host: "storage1",
    port: 2049,
    address: "127.0.0.1",
    identity: { name: node1.id, isOurs: true },
  });
});

test("a slow disk has time to make a volume when many are made at once", async (t) => {
  const { storage, add, test: world } = await begin(t);
  await storage.open(null);
  world.server.handlers.createVolume = async ({ body }) => {
    await delay(8000);
    return add(body.name);
  };
  t.like(await storage.create({ name: "v", options: parseOptions({}) }), { name: "v" });
});

test("nothing is mounted while nothing answers on the port of NFS, and the lease is given back", async (t) => {
  const { storage, add, test: world } = await begin(t);
  await storage.open(null);
  add("v");
  world.nfsPort = "refused";
  await t.throwsAsync(storage.attach("v", node1, []), {
    code: "unavailable",
    message: /storage1 \(127\.0\.0\.1\) refuses connections on port 2049/,
  });
  t.false(world.leases.has("v"));
});

test("what mount(8) says of a volume that was granted is told in words that fit", async (t) => {
  const { storage } = await begin(t);
  await storage.open(null);
  const message = (reason: string): string => (storage.explainMount(said(reason)) as Error).message;
  t.regex(message("mount.nfs4: access denied by server"), /granted .* address translation/s);
  t.regex(
    message("mount.nfs4: mounting failed, reason given by server: No such file or directory"),
    /swarmnfs leases/,
  );
  t.regex(message("mount.nfs4: Connection refused"), /port 2049/);
});

test("over TLS the node is ready from the start, shows its certificate, and mounts in no other way", async (t) => {
  const world = await SwarmnfsUnderTest.start(t);
  const { storage } = world;
  world.overTls = true;
  world.add("media");
  await storage.open(null);
  // Before anything is mounted: the kernel may have connections of an earlier plugin.
  await eventually("it is ready", async () => world.secured.length > 0);
  t.regex(world.secured[0] ?? "", /BEGIN CERTIFICATE/);
  t.true((await storage.attach("media", node1, [])).options.includes("xprtsec=mtls"));
  for (const words of ["No such process", "access denied by server"])
    t.regex(
      (storage.explainMount(said(`mount.nfs4: ${words}`)) as Error).message,
      /tlshd says why/,
    );

  world.insecure = "this kernel cannot";
  await t.throwsAsync(storage.attach("media", node1, []), { message: "this kernel cannot" });
  await storage.open(null);
  await eventually("it is told", async () =>
    (await storage.health()).notes.includes("this kernel cannot"),
  );
});

test("a storage that is another one than before is refused", async (t) => {
  const { storage } = await begin(t);
  t.deepEqual(await storage.open(null), { id: storageId });
  await t.throwsAsync(storage.open(randomUUID()), {
    code: "unavailable",
    message: /is another storage than before/,
  });
});

test("what a node adds to a request of its own accord is told apart from what was asked for", async (t) => {
  const { storage, add, server } = await begin(t);
  await storage.open(null);
  server.handlers.createVolume = ({ body }) => {
    t.deepEqual(body, { name: "v", options: { app: "x" }, defaults: { "on-remove": "retain" } });
    return add("v");
  };
  const options = parseOptions({ app: "x" }, { "on-remove": "retain", app: "y" });
  t.is((await storage.create({ name: "v", options })).name, "v");
});

test("while the control API is down, what this node has can be mounted again, and nothing else", async (t) => {
  const { storage, add, server, test: world } = await begin(t);
  const { id } = await storage.open(null);
  const record = add("v");
  add("other");
  await storage.get("v");
  const given = await storage.attach("v", node1, ["service blog_web"], record.id);
  await server.stop();
  t.deepEqual(await storage.get("v").catch(() => storage.get("v")), record);
  t.deepEqual(await storage.attach("v", node1, ["service blog_web"], record.id), given);
  await t.throwsAsync(storage.attach("other", node1, []), {
    code: "unavailable",
    message: /storage1 .*refuses connections on port \d+: .*the storage server on it is not/s,
  });
  t.regex(storage.trouble?.reason ?? "", /refuses connections/);
  await t.throwsAsync(storage.attach("v", node1, [], randomUUID()), { code: "unavailable" });
  // Neither while NFS is away as well.
  world.nfsPort = "silent";
  await t.throwsAsync(storage.get("v"), { message: /does not answer on port 2049/ });
  await t.throwsAsync(storage.attach("v", node1, []), { message: /port 2049/ });
  world.nfsPort = "open";
  await server.listen();
  await eventually("it is back", () => storage.trouble === null);
  t.deepEqual(await storage.open(id), { id });
});

test("what is given back while the control API is down is given back when it is up", async (t) => {
  const { storage, add, server, test: world } = await begin(t);
  await storage.open(null);
  add("v");
  add("w");
  const given = await storage.attach("v", node1, []);
  await storage.attach("w", node1, []);
  storage.attend(new Holder());
  await server.stop();
  await t.throwsAsync(storage.detach("v"), { code: "unavailable" });
  await t.throwsAsync(storage.detach("w"), { code: "unavailable" });
  // It is still this node's.
  t.deepEqual(await storage.attach("v", node1, []), given);
  await server.listen();
  await eventually("w is given back", () => !world.leases.has("w"));
  t.true(world.leases.has("v"));
});

test("what is asked for again while it is being given back is not given back after it", async (t) => {
  const { storage, add, server, test: world } = await begin(t);
  await storage.open(null);
  add("v");
  await storage.attach("v", node1, []);
  storage.attend(new Holder());
  await server.stop();
  await t.throwsAsync(storage.detach("v"), { code: "unavailable" });
  const late = Promise.withResolvers<void>();
  server.handlers.detach = async () => {
    await late.promise;
    world.leases.delete("v");
    return {};
  };
  await server.listen();
  await eventually("the server is being told", () => server.calls.includes("detach"));
  const attached = storage.attach("v", node1, []);
  await Promise.race([attached, storage.get("v")]);
  late.resolve();
  await attached;
  t.true(world.leases.has("v"));
});

test("a node that the server does not know is told so at once, and memory does not help", async (t) => {
  const { storage, add, server } = await begin(t);
  await storage.open(null);
  add("v");
  await storage.attach("v", node1, []);
  server.handlers.attach = () => {
    throw new FakeProblem("unknown-node", "node1 was revoked");
  };
  await t.throwsAsync(storage.attach("v", node1, []), { message: /node1 was revoked/ });
  t.regex(storage.trouble?.reason ?? "", /revoked/);
});

test("leases are renewed again and again, with everything that is mounted", async (t) => {
  const { storage, add, test: world } = await begin(t);
  await storage.open(null);
  add("v");
  add("adopted");
  world.leases.add("adopted");
  await storage.attach("v", node1, ["service blog_web"]);
  storage.attend(new Holder());
  // As after a start: what an earlier run had mounted.
  const since = "2026-03-01T00:00:00Z";
  await storage.renew([{ volume: "adopted", since, consumers: ["container x"] }]);
  await eventually("three renewals", () => world.renewals.length > 3);
  const { signs, waitMs } = world.renewals.findLast((each) => each.waitMs > 0) ?? {};
  t.is(waitMs, 500);
  t.deepEqual(
    signs?.map(({ volume, consumers }) => [volume, consumers]),
    [
      ["v", ["service blog_web"]],
      ["adopted", ["container x"]],
    ],
  );
  await storage.detach("v");
  await eventually("v is not renewed", () => world.renewals.at(-1)?.signs.length === 1);
});

test("a volume that another node wants is given back, or said to be in use", async (t) => {
  const { storage, add, test: world } = await begin(t);
  await storage.open(null);
  add("v");
  await storage.attach("v", node1, []);
  const holder = new Holder();
  holder.answer = { released: false, consumers: ["service db"] };
  storage.attend(holder);
  const ask = (): string => {
    const id = randomUUID();
    world.requests.push({ kind: "release", id, volume: "v" });
    world.wake();
    return id;
  };
  // One may be told twice: it goes with every renewal until one of them was answered.
  const replyTo = (id: string): unknown =>
    world.renewals.flatMap((renewal) => renewal.replies).find(({ request }) => request === id);
  const first = ask();
  await eventually("it answers", () => replyTo(first) !== undefined);
  t.like(replyTo(first), { outcome: "in-use", consumers: ["service db"] });
  holder.answer = { released: true };
  const second = ask();
  await eventually("it answers again", () => replyTo(second) !== undefined);
  t.like(replyTo(second), { outcome: "released", consumers: [] });
});

test("a lease that was lost is asked for again, and who mounts is told if it is refused", async (t) => {
  const { storage, add, server, test: world } = await begin(t);
  await storage.open(null);
  add("v");
  await storage.attach("v", node1, []);
  const holder = new Holder();
  storage.attend(holder);
  world.leases.delete("v");
  await eventually("it has it again", () => world.leases.has("v"));
  t.deepEqual(holder.heard, []);
  server.handlers.attach = () => {
    throw new FakeProblem("in-use", "node2 has it");
  };
  world.leases.delete("v");
  await eventually("it is told", () => holder.heard.length > 0);
  const before = world.renewals.length;
  await eventually("it goes on", () => world.renewals.length > before + 2);
  t.deepEqual(holder.heard, ["lost v: node2 has it"]);
});

test("a node that was fenced unmounts everything, says so, and gets back what it still needs", async (t) => {
  const { storage, add, test: world } = await begin(t);
  await storage.open(null);
  add("v");
  await storage.attach("v", node1, ["container x"]);
  const holder = new Holder();
  const isFenced = (): boolean | undefined => storage.server?.control?.leases?.fenced;
  const before = isFenced();
  let meanwhile = before;
  const unmounted = holder.fenced.bind(holder);
  holder.fenced = async () => {
    meanwhile = isFenced();
    await unmounted();
  };
  storage.attend(holder);
  world.leases.clear();
  world.isFenced = true;
  world.wake();
  await eventually("it has the volume again", () => world.leases.has("v"));
  await eventually("it is taken back", () => isFenced() === false);
  t.deepEqual([before, meanwhile], [false, true]);
  t.deepEqual(holder.heard, ["fenced"]);
  const told = world.renewals.find((renewal) => renewal.unfenced);
  t.deepEqual(told?.signs, []);
  t.false(world.isFenced);
});

test("whoever stops on purpose says so, if it has something", async (t) => {
  const { storage, add, server } = await begin(t);
  await storage.open(null);
  await storage.close();
  t.false(server.calls.includes("absence"));
  const second = await begin(t);
  await second.storage.open(null);
  second.add("v");
  await second.storage.attach("v", node1, []);
  await second.storage.close();
  t.is(second.server.calls.at(-1), "absence");
  add("unused");
});

type World = Pick<SwarmnfsUnderTest, "storage" | "server"> & {
  readonly test: SwarmnfsUnderTest;
  readonly add: SwarmnfsUnderTest["add"];
};

async function begin(t: Parameters<typeof SwarmnfsUnderTest.start>[0]): Promise<World> {
  const made = await SwarmnfsUnderTest.start(t);
  const { storage, server } = made;
  return { test: made, storage, server, add: (name, change) => made.add(name, change) };
}

function said(reason: string): Error {
  const cause = new CommandFailed("mount", { reason, timedOut: false, missing: false });
  return new Error("mounting failed", { cause });
}
