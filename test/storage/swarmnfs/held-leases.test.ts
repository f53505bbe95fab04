import test from "ava";
import { HeldLeases } from "../../../storage/swarmnfs/held-leases.ts";

const mount = { type: "nfs4", source: "10.0.0.5:/blog", options: [] } as const;

test("how it stands with leases: each is counted once, as what it is", (t) => {
  const held = new HeldLeases({ now: () => 0 });
  for (const volume of ["blog", "shop", "wiki"]) held.granted(volume, `id-${volume}`, mount, []);
  t.deepEqual(held.standing, { held: 3, lost: 0, owed: 0 });
  held.lose("shop", "hosts does not name this node any more");
  const wiki = held.drop("wiki");
  if (wiki === null) throw new Error("it was not held");
  held.owe("wiki", wiki);
  t.deepEqual(held.standing, { held: 1, lost: 1, owed: 1 });
  held.settle("wiki");
  held.loseAll("this node was fenced");
  t.deepEqual(held.standing, { held: 0, lost: 2, owed: 0 });
});
