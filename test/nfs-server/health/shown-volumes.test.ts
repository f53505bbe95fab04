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

class World {
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
        hide: async (volume) => {
          this.did.push(`hide ${volume}`);
        },
        show: async (volumes) => {
          if (this.failure !== null) return new Map([["a", this.failure]]);
          for (const { volume } of volumes) {
            this.did.push(`show ${volume}`);
            this.mounted.add(volume);
          }
          return new Map();
        },
      },
      mountinfo: async () =>
        [...this.mounted]
          .map((name) => `1 2 8:1 /apps/x/${name} /exports/${name} rw - xfs /dev/sdb rw\n`)
          .join(""),
      wanted: () => [...this.wanted].map((volume) => ({ volume, app: "x" })),
    });
  }
}
