// The storage machine, all nodes and every disk of theirs are gone. From new machines, the WebDAV server and the password
// alone to running apps, by the words of docs/disaster.md.
import test from "ava";
import { bringUp } from "../../lab/bring-up.ts";
import { formSwarm } from "../../lab/swarm.ts";
import { images, sendFile, sendOurs } from "./backup-image.ts";
import { burn, buyNew } from "./burn.ts";
import { labCluster } from "./cluster.ts";
import { disasterPage, type PageCommand } from "./disaster-page.ts";
import { eventually, say } from "./eventually.ts";
import { StorageNode } from "./storage-node.ts";
import { serveWebDav, type WebDav } from "./webdav.ts";

const on = labCluster();
/** Milliseconds for one command, where machines are emulated. */
const patience = 600_000;
const backupPassword = "correct horse battery staple";
const compose = "docker compose -f backup.compose.yml";
/** As docs/disaster.md shows one. */
const exampleToken = "swarmnfs-join-1.eyJ2IjoxfQ";

async function there(line: string): Promise<string> {
  say(`storage$ ${line}`);
  const typed = (): Promise<string> =>
    on.lab.storage.must(`cd /root && ${line}`, { timeout: patience });
  if (!line.includes(" exec ")) return typed();
  // Who is told that it has not started yet tries again.
  const { said } = await eventually(() => answered(typed()), `"${line}" is answered`, patience);
  return said;
}

function answered(work: Promise<string>): Promise<{ said: string } | null> {
  return work.then(
    (said) => ({ said }),
    (error: unknown) => {
      say(String(error));
      return null;
    },
  );
}

/** What somebody brings to a storage machine who wants backups there. */
async function bringFiles(): Promise<void> {
  const { storage } = on.lab;
  for (const [name, image] of Object.entries(images))
    await sendFile(storage, image, `/root/${name}`);
  await sendOurs(storage, "deploy/backup.compose.yml", "/root/backup.compose.yml");
}

function page({ url, username, password }: WebDav): Promise<readonly PageCommand[]> {
  return disasterPage({
    "https://nas.example.org/backups": url,
    "'backup'": `'${username}'`,
    "THE PASSWORD OF THE WEBDAV SERVER": password,
    "THE BACKUP PASSWORD": backupPassword,
    "storage.example.org": "storage.lan",
  });
}

async function deployBlog(line: string): Promise<void> {
  await sendOurs(on.leader, "deploy/example.stack.yml", "/root/blog.stack.yml");
  await on.leader.must(`cd /root && ${line}`, { timeout: patience });
}

/** What the published port of a node says of a page, asked by a machine that is none of them. */
function published(file: string): Promise<string> {
  const url = `http://${on.leader.plan.address}:8080/${file}`;
  return on.nas
    .run(`busybox wget -T 20 -q -O - ${url}`, { timeout: 60_000 })
    .then(({ stdout }) => stdout.trim());
}

async function removeBlog(): Promise<void> {
  await on.attempt(on.leader, "stack rm blog");
  await eventually(
    async () => (await on.attempt(on.leader, "volume rm blog_html")).exitCode === 0,
    "the stack and its volume are gone",
    300_000,
  );
}

/** What of the page is typed on a node is done on each. */
async function joinNodes(commands: readonly PageCommand[]): Promise<void> {
  for (const { name } of on.nodes) {
    let token = "";
    for (const { machine, line } of commands) {
      const typed = line.replaceAll("node1", name).replaceAll(exampleToken, token);
      if (machine === "storage") [token = ""] = (await there(typed)).split("\n");
      else await on.lab.machine(name).must(typed, { timeout: 300_000 });
    }
  }
}

test("the storage machine, all nodes and their disks burn: by docs/disaster.md to running apps, in a time that is told", async (t) => {
  t.timeout(5_400_000);
  const { storage } = on.lab;
  const server = new StorageNode(on.lab);
  const webdav = await serveWebDav(on, on.nas);
  const commands = await page(webdav);
  const of = (step: number): readonly PageCommand[] =>
    commands.filter((command) => command.step === step);

  on.afterwards(async () => {
    await bringUp(on.lab, say);
    await removeBlog();
    await there(`${compose} down --volumes; rm -rf secrets backup.compose.yml *.tar`);
  });
  const [deploy] = of(6);
  await deployBlog(deploy?.line ?? "");
  await on.running("blog_web", 3, patience);
  await on.says(on.leader, "blog-editor", "blog_html", "echo what was written >page.txt");
  const vault = await on.volume("vault", "size=40M");
  const write =
    "mkdir deep && head -c 5000000 /dev/urandom >deep/bytes && ln -s deep/bytes link && echo secret >note && chown -R 70:80 . && chmod 2770 .";
  const look =
    "cat note; sha256sum <deep/bytes; readlink link; stat -c %a:%u:%g . note; df -Pk . | awk 'NR == 2 { print $2 }'";
  await on.says(on.leader, vault, vault, write);
  const before = await on.says(on.leader, vault, vault, look);

  await bringFiles();
  for (const { line } of [...of(1), ...of(2)]) await there(line);
  for (const { line } of of(4).slice(0, 1)) await there(line);
  t.log(await there(`${compose} exec -T backup swarmnfs backup run`));

  await burn([storage, ...on.nodes]);
  await buyNew(on.lab, [storage, ...on.nodes]);
  t.is(await storage.must("ls -A /nfs_volumes"), "");
  await bringFiles();

  const began = performance.now();
  const told: string[] = [];
  const tell = (what: string): void => {
    told.push(`${((performance.now() - began) / 60_000).toFixed(1)} min  ${what}`);
    say(told.at(-1) ?? "");
  };
  for (const { line } of [...of(1), ...of(2)]) await there(line);
  tell("the images are loaded, the passwords written");
  for (const { line } of of(3)) t.log(await there(line));
  tell("the catalog is back");
  for (const { line } of of(4)) t.log(await there(line));
  await joinNodes(of(5));
  tell("the nodes have joined");
  await formSwarm(on.lab, say);
  for (const { line } of of(6)) await deployBlog(line);
  await eventually(
    async () => (await published("page.txt")) === "what was written",
    "the page is served again",
    1_200_000,
  );
  tell("the pages are served again");
  await on.volume("vault", "size=40M");
  const after = await eventually(async () => {
    const outcome = await on.inContainer(on.node(2), vault, vault, look);
    return outcome.exitCode === 0 && outcome.stdout.trim();
  }, `${vault} can be mounted again`);
  t.is(after, before);
  tell("everything is as it was");
  for (const line of told) t.log(line);

  const nodes = await Promise.all(on.nodes.map(({ name }) => server.stateOf(name)));
  t.deepEqual([...new Set(nodes)], ["live"]);
  t.log(await there(`${compose} exec -T backup swarmnfs backup run`));
});
