// The shortest of the attacks (attacks.test.ts has them all): a node that was granted one volume wants another one.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { robbed, robbedInVain } from "./raids.ts";

const on = labCluster();

test("file handles made by hand rob a plain export on XFS, and nothing of our server", async (t) => {
  t.timeout(1_200_000);
  await robbed(t, on, "xfs");
  await robbedInVain(t, on, "xfs");
});
