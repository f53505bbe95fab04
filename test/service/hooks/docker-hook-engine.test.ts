import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { DockerHookEngine } from "../../../service/hooks/docker-hook-engine.ts";

test("an engine that takes questions and never answers is given up, whatever it was asked", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-engine-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const silent = createServer(() => undefined).listen(join(folder, "socket"));
  t.teardown(() => silent.close());
  t.teardown(() => silent.closeAllConnections());
  await once(silent, "listening");
  const engine = new DockerHookEngine(join(folder, "socket"), 20);
  for (const ask of [
    () => engine.id(),
    () => engine.containersOf(["blog_data"]),
    () => engine.pause("db"),
    () => engine.unpause("db"),
    () => engine.start("db"),
    () => engine.replicas("blog_db"),
    () => engine.scale("blog_db", 0),
  ])
    await t.throwsAsync(ask(), undefined, String(ask));
});
