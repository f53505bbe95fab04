import test from "ava";
import { SnapshotMemory } from "../../../backup-sidecar/engine/snapshot-memory.ts";
import type { Snapshot } from "../../../backup-sidecar/engine/snapshot.ts";
import { RemoteFailure } from "../../../backup-sidecar/repository/failure.ts";
import type { Remote, RemoteEntry } from "../../../backup-sidecar/repository/remote.ts";

/** A server with these versions' files, and a restic that is counted. */
class Place {
  readonly files = new Map<string, number>();
  readonly memory = new SnapshotMemory();
  asked = 0;
  unreadable: string | null = null;
  gone = false;

  list(): Promise<readonly Snapshot[]> {
    const list = async (): Promise<RemoteEntry[]> => {
      if (this.gone) throw new RemoteFailure("gone", "no such folder");
      return [...this.files].map(([name, size]) => ({
        name,
        kind: "file",
        size,
        modifiedAt: null,
        etag: null,
      }));
    };
    // Nothing else of a server is asked for.
    const remote = { list } as unknown as Remote;
    return this.memory.of("repositories/blog", remote, async () => this.#read());
  }

  #read(): readonly Snapshot[] {
    this.asked += 1;
    const ids = [...this.files.keys()].filter((id) => id !== this.unreadable);
    return ids.map((id, at) => ({
      id,
      time: at,
      volume: "v",
      tags: [],
      tree: id,
      parent: null,
      files: 1,
      bytes: 1,
      added: 1,
    }));
  }
}

test("versions are read once while the server lists the same files", async (t) => {
  const place = new Place();
  place.files.set("a", 100).set("b", 101);
  const first = await place.list();
  t.deepEqual(
    first.map(({ id }) => id),
    ["a", "b"],
  );
  t.is(await place.list(), first);
  t.is(place.asked, 1);
});

for (const [what, change] of [
  ["one more", (place) => void place.files.set("c", 99)],
  ["one less", (place) => void place.files.delete("a")],
  ["one that was cut", (place) => void place.files.set("a", 40)],
  ["no folder of versions", (place) => void (place.gone = true)],
] as const satisfies readonly (readonly [string, (place: Place) => void])[])
  test(`versions are read anew when the server lists ${what}`, async (t) => {
    const place = new Place();
    place.files.set("a", 100).set("b", 101);
    await place.list();
    change(place);
    await place.list();
    t.is(place.asked, 2);
  });

test("a version that cannot be read is asked for each time", async (t) => {
  const place = new Place();
  place.files.set("a", 100).set("b", 101);
  place.unreadable = "b";
  t.is((await place.list()).length, 1);
  t.is((await place.list()).length, 1);
  t.is(place.asked, 2);
});
