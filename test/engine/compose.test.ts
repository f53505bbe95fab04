// Compose files as people write them: driver: swarmnfs, external volumes, several projects on one engine.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import type { Outcome } from "../../engine-box/outcome.ts";
import { fileEngine } from "./file-engine.ts";
import { refusal } from "./words.ts";

const on = fileEngine("compose");

/** Writes a compose file for a project; returns what runs `docker compose` on it. */
async function project(name: string, file: string): Promise<(line: string) => Promise<Outcome>> {
  const folder = path.join(on.engine.folder, "projects", name);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "docker-compose.yml"), `version: "3.7"\n${file}`);
  return (line) => on.compose(folder, `--project-name ${name} ${line}`);
}

// Compose 1 wants the driver written as the engine calls it, with its tag, or refuses the volume from the second time on.
const blogFile = `
services:
  writer:
    image: busybox
    init: true
    command: sh -c "echo post >>/d/posts; exec sleep 600"
    volumes: ["data:/d"]
  reader:
    image: busybox
    command: cat /d/posts
    volumes: ["data:/d:ro"]
volumes:
  data:
    driver: swarmnfs:latest
    driver_opts:
      app: blog
      mode: "0770"
`;

test.serial("a project's services share the volume of its file", async (t) => {
  const blog = await project("blog", blogFile);
  const up = await blog("up -d writer");
  t.is(up.exitCode, 0, up.stderr);
  t.is((await blog("run --rm reader")).stdout.trim(), "post");
  const { app, services, path: place } = await on.status("blog_data");
  t.deepEqual(
    { app, services, place },
    { app: "blog", services: "blog", place: "apps/blog/blog_data" },
  );
});

test.serial("the data stays through restart, up again, down and up", async (t) => {
  const blog = await project("blog", blogFile);
  await blog("restart --timeout 1 writer");
  await blog("up -d --force-recreate --timeout 1 writer");
  await blog("down --timeout 1");
  await blog("up -d writer");
  t.is((await blog("run --rm reader")).stdout.trim(), "post\npost\npost\npost");
});

test.serial("another project is refused the volume as external, and says why", async (t) => {
  const shop = await project(
    "shop",
    `
services:
  thief:
    image: busybox
    command: ls /stolen
    volumes: ["loot:/stolen"]
volumes:
  loot:
    external: true
    name: blog_data
`,
  );
  const refused = await shop("up thief");
  t.not(refused.exitCode, 0);
  t.is(
    refusal(refused),
    '"blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is compose project "shop" (service "thief"). To allow it: swarmnfs apps set blog services=blog,shop',
  );
  await shop("down");
});

test.serial("a project that is called like the app's may use its volume as external", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=news news_archive");
  const news = await project(
    "news",
    `
services:
  reader:
    image: busybox
    command: sh -c "echo read >>/d/log; cat /d/log"
    volumes: ["archive:/d"]
volumes:
  archive: {external: true, name: news_archive}
`,
  );
  t.is((await news("run --rm reader")).stdout.trim(), "read");
  await news("down --volumes");
  t.is(await on.docker("volume ls --quiet --filter name=news_archive"), "news_archive");
});

test.serial("a misspelt option is refused by name before anything starts", async (t) => {
  const typo = await project(
    "typo",
    `
services:
  web: {image: busybox, volumes: ["data:/d"]}
volumes:
  data: {driver: swarmnfs, driver_opts: {apps: typo}}
`,
  );
  const refused = await typo("up -d");
  t.not(refused.exitCode, 0);
  t.regex(refusal(refused), /^unknown option "apps": did you mean "app"\? Options: access, app, /);
  t.is(await on.docker("ps --all --quiet --filter name=typo"), "");
});

const wikiFile = `
services:
  web:
    image: busybox
    command: sh -c "echo page >>/d/pages; cat /d/pages"
    volumes: ["pages:/d"]
volumes:
  pages: {driver: "swarmnfs:latest", name: wiki_pages}
`;

test.serial("without options the first project to mount a volume owns it", async (t) => {
  const wiki = await project("wiki", wikiFile);
  t.is((await wiki("run --rm web")).stdout.trim(), "page");
  t.regex(String((await on.status("wiki_pages"))["owner"]), /^project wiki \(first, since /);
  const other = await project("other", wikiFile);
  t.is(
    refusal(await other("run --rm web")),
    '"wiki_pages" belongs to compose project "wiki", which mounted it first; this is compose project "other" (service "web"). To allow it: swarmnfs apps set wiki_pages services=wiki,other',
  );
  await other("down");
  t.is((await wiki("run --rm web")).stdout.trim(), "page\npage");
});

test.serial("down --volumes brings the volume to the trash, and it can be had back", async (t) => {
  const wiki = await project("wiki", wikiFile);
  const down = await wiki("down --volumes");
  t.is(down.exitCode, 0, down.stderr);
  t.is(await on.docker("volume ls --quiet --filter name=wiki_pages"), "");
  t.is((await on.swarmnfs("trash undelete wiki_pages")).exitCode, 0);
  t.is((await wiki("run --rm web")).stdout.trim(), "page\npage\npage");
  const other = await project("other", wikiFile);
  t.regex(refusal(await other("run --rm web")), /^"wiki_pages" belongs to compose project "wiki"/);
  await other("down");
});

test.serial("scaled services share the volume", async (t) => {
  const many = await project(
    "many",
    `
services:
  worker:
    image: busybox
    init: true
    command: sh -c "touch /d/$$HOSTNAME; exec sleep 600"
    volumes: ["data:/d"]
volumes:
  data: {driver: swarmnfs, driver_opts: {app: many}}
`,
  );
  const up = await many("up -d --scale worker=3");
  t.is(up.exitCode, 0, up.stderr);
  const [one = ""] = (
    await on.docker("ps --quiet --filter label=com.docker.compose.project=many")
  ).split("\n");
  t.is(await on.docker(`exec ${one} sh -c`, "ls /d | wc -l"), "3");
  await many("down --timeout 1");
});

test.serial("a file that claims another stack's swarm labels is refused", async (t) => {
  const forger = await project(
    "forger",
    `
services:
  web:
    image: busybox
    command: ls /d
    volumes: ["loot:/d"]
    labels:
      com.docker.stack.namespace: blog
      com.docker.swarm.service.name: blog_web
      com.docker.swarm.task.name: blog_web.1.xyz
      com.docker.swarm.node.id: xyz
volumes:
  loot: {external: true, name: blog_data}
`,
  );
  const refused = await forger("up web");
  t.not(refused.exitCode, 0);
  t.regex(
    refusal(refused),
    /^container "forger[_-]web[_-]1" is not what its labels say: they name a compose project and a swarm service at once\. Remove these labels from it$/,
  );
  await forger("down");
});

test.serial("several volumes and one that is everyone's in one file", async (t) => {
  const file = `
services:
  web:
    image: busybox
    command: sh -c "echo a >/a/f; echo b >/b/f; echo c >>/c/f; cat /a/f /b/f /c/f"
    volumes: ["a:/a", "b:/b", "c:/c"]
volumes:
  a: {driver: "swarmnfs:latest", driver_opts: {app: "NAME"}}
  b: {driver: "swarmnfs:latest", driver_opts: {app: "NAME"}}
  c: {driver: "swarmnfs:latest", name: common, driver_opts: {app: shared}}
`;
  const one = await project("one", file.replaceAll("NAME", "one"));
  t.is((await one("run --rm web")).stdout.trim(), "a\nb\nc");
  const two = await project("two", file.replaceAll("NAME", "two"));
  t.is((await two("run --rm web")).stdout.trim(), "a\nb\nc\nc");
});

test.serial("nothing stays mounted when all projects are down", async (t) => {
  for (const name of ["blog", "one", "two", "wiki"])
    await (
      await project(name, wikiFile)
    )("down --timeout 1");
  await on.docker("rm --force --volumes blog_writer_1").catch(() => undefined);
  t.is(await on.docker("ps --quiet"), "");
  await on.allUnmounted();
});
