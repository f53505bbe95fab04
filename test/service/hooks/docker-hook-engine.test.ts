import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { DockerHookEngine } from "../../../service/hooks/docker-hook-engine.ts";

async function engineThat(
  t: ExecutionContext,
  answer: RequestListener,
  askMs?: number,
): Promise<DockerHookEngine> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-engine-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const server = createServer(answer).listen(join(folder, "socket"));
  t.teardown(() => server.close());
  t.teardown(() => server.closeAllConnections());
  await once(server, "listening");
  return new DockerHookEngine(join(folder, "socket"), askMs);
}

function says(status: number): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ message: `the engine says ${status}` }));
  };
}

test("an engine that takes questions and never answers is given up, whatever it was asked", async (t) => {
  const engine = await engineThat(t, () => undefined, 20);
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

test("a service that is gone by now needs no scaling, and is not tried again for ever", async (t) => {
  const gone = await engineThat(t, says(404));
  await t.notThrowsAsync(gone.scale("web", 3));
  await t.notThrowsAsync(gone.scale("web", 0));
  await t.throwsAsync(gone.replicas("web"), { message: /the engine says 404/ });
});

test("what cannot be scaled now is told", async (t) => {
  const worker = await engineThat(t, says(503));
  await t.throwsAsync(worker.scale("web", 3), { code: "unsupported" });
  const broken = await engineThat(t, says(500));
  await t.throwsAsync(broken.scale("web", 3), { message: /the engine says 500/ });
});
