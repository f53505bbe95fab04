// Our NFS server goes away under containers that write, and comes back: they notice nothing but a pause.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { survives } from "./survives.ts";

const on = labCluster();

test("the server's container is restarted: apps go on, with their locks, and nothing acknowledged is lost", (t) =>
  survives(t, on, "restarted", (storage) => storage.compose("restart --timeout 60")));
