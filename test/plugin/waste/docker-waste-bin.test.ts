import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { DockerWasteBin } from "../../../plugin/waste/docker-waste-bin.ts";

const old = "2026-01-01T10:00:00.123456789Z";
const young = "2026-02-28T10:00:00Z";
const before = "2026-02-20T00:00:00Z";
const created = Date.parse("2025-12-31T00:00:00Z") / 1000;
const nameless = "ab".repeat(32);
const M = 1024 ** 2;

interface Container {
  state?: string;
  finished?: string;
  restart?: string;
  labels?: Record<string, string>;
}

/** An engine with these containers, and the images, volumes and build cache of every test. */
async function engine(
  t: ExecutionContext,
  containers: Record<string, Container>,
): Promise<{ bin: DockerWasteBin; did: string[]; tagged: Set<string> }> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-waste-"));
  const socket = join(folder, "docker.sock");
  const did: string[] = [];
  const tagged = new Set<string>();
  const usage = {
    Containers: Object.entries(containers).map(([Id, { state = "exited" }]) => ({
      Id,
      State: state,
      Created: created,
      SizeRw: 5 * M,
    })),
    Images: [
      { Id: "sha256:dangling", RepoTags: ["<none>:<none>"], Created: created, Size: 50 * M },
      { Id: "sha256:bare", RepoTags: null, RepoDigests: [], Created: created, Size: M, Labels: {} },
      { Id: "sha256:named", RepoTags: ["debian:12"], Created: created, Size: M },
      {
        Id: "sha256:pinned",
        RepoTags: [],
        RepoDigests: ["debian@sha256:1"],
        Created: created,
        Size: M,
      },
      {
        Id: "sha256:dear",
        RepoTags: null,
        Created: created,
        Size: M,
        Labels: { "swarmnfs.keep": "1" },
      },
    ],
    Volumes: [
      volume(nameless, { UsageData: { RefCount: 0, Size: 7 * M } }),
      volume("cd".repeat(32), { UsageData: { RefCount: 1, Size: M } }),
      volume("named", { UsageData: { RefCount: 0, Size: M } }),
      volume("ef".repeat(32), { Driver: "swarmnfs", UsageData: { RefCount: 0, Size: -1 } }),
      volume("01".repeat(32), { CreatedAt: young, UsageData: { RefCount: 0, Size: M } }),
    ],
    BuildCache: [
      { InUse: false, Shared: false, Size: 3 * M, CreatedAt: old, LastUsedAt: old },
      { InUse: false, Shared: false, Size: 4 * M, CreatedAt: old, LastUsedAt: null },
      { InUse: false, Shared: false, Size: M, CreatedAt: old, LastUsedAt: young },
      { InUse: true, Shared: false, Size: M, CreatedAt: old, LastUsedAt: old },
    ],
  };
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "", "http://docker");
    const [, kind = "", id = ""] = pathname.split("/").map(decodeURIComponent);
    const answer = (status: number, body?: object): void =>
      void response.writeHead(status).end(body === undefined ? "" : JSON.stringify(body));
    if (pathname === "/system/df") return answer(200, usage);
    if (request.method !== "GET") {
      if (id === "busy") return answer(409, { message: "container is running" });
      did.push(`${request.method} ${pathname}${decodeURIComponent(search)}`);
      return answer(
        request.method === "DELETE" && kind !== "images" ? 204 : 200,
        kind === "images" ? [] : {},
      );
    }
    const container = containers[id];
    if (kind === "containers" && container !== undefined)
      return answer(200, {
        Id: id,
        Name: `/${id}`,
        Created: old,
        State: { Status: container.state ?? "exited", FinishedAt: container.finished ?? old },
        Config: { Labels: container.labels ?? {} },
        HostConfig: { RestartPolicy: { Name: container.restart ?? "no" } },
      });
    const image = usage.Images.find(({ Id }) => Id === id);
    if (kind === "images" && image !== undefined)
      return answer(200, {
        ...image,
        RepoTags: tagged.has(id) ? ["now:named"] : image.RepoTags,
        Created: old,
        Config: { Labels: null },
      });
    const found = usage.Volumes.find(({ Name }) => Name === id);
    if (kind === "volumes" && found !== undefined) return answer(200, found);
    answer(404, { message: "no such thing" });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(socket, resolve);
  await promise;
  t.teardown(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  return { bin: new DockerWasteBin(socket), did, tagged };
}

function volume<Given extends object>(Name: string, given: Given) {
  return { Name, Driver: "local", CreatedAt: old, Labels: null, ...given };
}

test("waste is what ended long ago, has no name, and nobody uses", async (t) => {
  const { bin, did } = await engine(t, {
    ended: {},
    never: { state: "created", finished: "0001-01-01T00:00:00Z" },
    running: { state: "running" },
    lately: { finished: young },
    service: { restart: "unless-stopped" },
    task: { labels: { "com.docker.swarm.task.id": "x" } },
    dear: { labels: { "swarmnfs.keep": "" } },
  });
  const found = await bin.find(before);
  t.deepEqual(
    found.map(({ kind, name, bytes }) => `${kind} ${name} ${(bytes ?? 0) / M}`),
    [
      "container ended 5",
      "container never 5",
      "image dangling 50",
      "image bare 1",
      "volume abababababab 7",
      "build-cache 2 steps 7",
    ],
  );
  t.deepEqual(did, [], "looking changes nothing");
});

test("each is looked at once more before it goes, and nothing is forced", async (t) => {
  const containers: Record<string, Container> = { ended: {}, busy: {}, again: {}, dear: {} };
  const { bin, did, tagged } = await engine(t, containers);
  const stays = (kind: "container" | "image" | "volume", id: string, code: string) =>
    t.throwsAsync(bin.remove({ kind, id }, before), { code });
  await bin.find(before);
  containers["again"] = { state: "running" };
  containers["dear"] = { labels: { "swarmnfs.keep": "" } };
  tagged.add("sha256:bare");
  await stays("container", "again", "in-use");
  await stays("container", "dear", "denied");
  const kept = await stays("container", "busy", "in-use");
  t.is(kept?.message, "Docker keeps it: container is running");
  await stays("container", "gone", "not-found");
  await stays("image", "sha256:bare", "in-use");
  await stays("image", "sha256:named", "in-use");
  await stays("volume", "named", "in-use");
  await stays("volume", "ef".repeat(32), "in-use");
  await stays("volume", "01".repeat(32), "in-use");
  t.deepEqual(did, []);

  await bin.remove({ kind: "container", id: "ended" }, before);
  await bin.remove({ kind: "image", id: "sha256:dangling" }, before);
  await bin.remove({ kind: "volume", id: nameless }, before);
  await bin.remove({ kind: "build-cache", id: "build-cache" }, before);
  const [container, image, unnamed, cache = ""] = did.map(decodeURIComponent);
  t.is(container, "DELETE /containers/ended");
  t.is(image, "DELETE /images/sha256:dangling");
  t.is(unnamed, `DELETE /volumes/${nameless}`);
  t.regex(cache, /^POST \/build\/prune\?all=true&filters=\{"until":\["\d+s"\]\}$/);
  t.notRegex(did.join(" "), /force/);
});

test("a Docker that does not answer is said to", async (t) => {
  await t.throwsAsync(new DockerWasteBin("/nowhere/docker.sock").find(before), {
    code: "unavailable",
  });
});
