import test from "ava";
import { ShownVolumes } from "../../../nfs-server/health/shown-volumes.ts";
import { UserError } from "../../../service/user-error.ts";

test("what is missing in two looks is mounted anew", async (t) => {
  const world = new World(["a", "b"], ["a", "b"]);
  t.deepEqual(await world.volumes.missing(), []);
  world.mounted.delete("b");
  t.deepEqual(await world.volumes.missing(), [], "it may be on its way");
  t.deepEqual(await world.volumes.missing(), ["b"]);
  await world.volumes.restore();
  t.deepEqual(world.did, ["hide b", "show b"]);
  t.deepEqual(await world.volumes.missing(), []);
});

test("what is granted at this moment is left alone", async (t) => {
  const world = new World(["a"], ["a"]);
  world.mounted.delete("a");
  await world.volumes.missing();
  world.wanted.add("new");
  t.deepEqual(await world.volumes.missing(), ["a"]);
  world.wanted.add("newer");
  await world.volumes.restore();
  t.deepEqual(world.did, ["hide a", "show a"]);
});

test("what cannot be mounted again is told", async (t) => {
  const world = new World(["a"], []);
  await world.volumes.missing();
  await world.volumes.missing();
  world.failure = new UserError("not-found", "its directory is gone");
  await t.throwsAsync(world.volumes.restore(), { message: "its directory is gone" });
});

test("when another disk lies under the data, what is shown is proved anew, and the kernel told", async (t) => {
  const world = new World(["a", "b"], ["a", "b"]);
  t.deepEqual(await world.volumes.missing(), []);
  t.deepEqual(world.did, []);
  world.device = "8:17";
  t.deepEqual(await world.volumes.missing(), []);
  t.deepEqual(world.did, ["doubt", "show a", "show b", "tell"]);
  await world.volumes.missing();
  t.is(world.did.length, 4, "once");
});

test("what is not on the new disk stays as it is shown, is told, and is tried again", async (t) => {
  const world = new World(["a"], ["a"]);
  await world.volumes.missing();
  world.device = "0:5";
  world.failure = new UserError("not-found", "its directory is gone");
  t.deepEqual(await world.volumes.missing(), ["a"]);
  await world.volumes.restore();
  t.false(world.did.includes("hide a"), "clients go on with what they have");
  world.failure = null;
  world.device = "8:1";
  t.deepEqual(await world.volumes.missing(), []);
  t.true(world.did.includes("show a"));
});

class World {
  device = "8:1";
  readonly wanted: Set<string>;
  readonly mounted: Set<string>;
  readonly did: string[] = [];
  failure: UserError | null = null;
  readonly volumes: ShownVolumes;

  constructor(wanted: readonly string[], mounted: readonly string[]) {
    this.wanted = new Set(wanted);
    this.mounted = new Set(mounted);
    this.volumes = new ShownVolumes({
      root: {
        path: "/exports",
        doubt: () => this.did.push("doubt"),
        hide: async (volume) => {
          this.did.push(`hide ${volume}`);
        },
        show: async (volumes) => {
          if (this.failure !== null && volumes.length > 0) return new Map([["a", this.failure]]);
          for (const { volume } of volumes) {
            this.did.push(`show ${volume}`);
            this.mounted.add(volume);
          }
          return new Map();
        },
      },
      data: "/data",
      tell: async () => void this.did.push("tell"),
      mountinfo: async () =>
        `1 0 ${this.device} / /data rw - xfs /dev/sdb rw\n${[...this.mounted]
          .map((name) => `1 2 8:1 /apps/x/${name} /exports/${name} rw - xfs /dev/sdb rw\n`)
          .join("")}`,
      wanted: () => [...this.wanted].map((volume) => ({ volume, app: "x" })),
    });
  }
}
