// Who may mount what, in the words of the person who tries.
import test from "ava";
import { fileEngine } from "./file-engine.ts";
import { refusal } from "./words.ts";

const on = fileEngine("access", { settings: { SWARMNFS_ROOT_SERVICES: "keeper,vault" } });

/** Flags that make a container what docker compose would have made. */
function composed(project: string, service: string): string {
  const label = "--label com.docker.compose";
  return `${label}.project=${project} ${label}.service=${service} ${label}.container-number=1`;
}

test.serial("a second app is refused, and what the refusal advises works", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=blog blog_data");
  await on.inContainer("blog-1", "blog_data", "echo secret >file");

  const refused = await on.inContainer("tender_bell", "blog_data", "cat file");
  t.is(refused.exitCode, 125);
  t.is(refused.stdout, "");
  t.regex(
    refused.stderr,
    /^docker: Error response from daemon: error while mounting volume '[^']*': swarmnfs: "blog_data" belongs to app "blog": /,
  );
  t.is(
    refusal(refused),
    '"blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is container "tender_bell". To allow it: swarmnfs apps set blog services=blog,tender_bell',
  );

  t.is((await on.swarmnfs("apps set blog services=blog,tender_bell")).exitCode, 0);
  t.is((await on.inContainer("tender_bell", "blog_data", "cat file")).stdout, "secret");
  t.is((await on.status("blog_data"))["services"], "blog,tender_bell");

  t.is((await on.swarmnfs("apps set blog services=blog")).exitCode, 0);
  t.is((await on.inContainer("tender_bell", "blog_data", "cat file")).exitCode, 125);
});

test.serial("a volume in another's app is refused as well: the app has the rules", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=bank bank_data");
  const wider = await on.attempt("volume create -d swarmnfs -o app=bank -o services=thief loot");
  t.is(
    refusal(wider),
    'option "services": app "bank" exists with services=bank, and a volume of it cannot have services=thief, which is more. Ask for less, or let an administrator allow it: swarmnfs apps set bank services=thief',
  );
  await on.docker("volume create -d swarmnfs -o app=bank loot");
  t.regex(refusal(await on.inContainer("thief", "loot", "ls")), /^"loot" belongs to app "bank": /);
});

test.serial("a name that merely begins like the app's is refused", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=ab ab_data");
  for (const name of ["abc", "ab.c", "xab-1", "AB"])
    t.regex(refusal(await on.inContainer(name, "ab_data", "ls")), /belongs to app "ab"/, name);
  for (const name of ["ab", "ab-x", "ab_x_1"])
    t.is((await on.inContainer(name, "ab_data", "ls")).exitCode, 0, name);
});

test.serial("services= names who else may, down to one service of a project", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=press -o services=print/web|reader press_data");
  t.is((await on.status("press_data"))["services"], "print/web,reader");
  t.is((await on.inContainer("a1", "press_data", "ls", composed("print", "web"))).exitCode, 0);
  t.is((await on.inContainer("reader-1", "press_data", "ls")).exitCode, 0);
  const other = await on.inContainer("a2", "press_data", "ls", composed("print", "db"));
  t.is(
    refusal(other),
    '"press_data" belongs to app "press": the stack, compose project or service "reader", the compose service "print/web" and containers called reader, reader-… or reader_… may mount it; this is compose project "print" (service "db"). To allow it: swarmnfs apps set press services=print/web,reader,print',
  );
  t.is((await on.inContainer("press-1", "press_data", "ls")).exitCode, 125);
});

test.serial("a volume can be narrower than its app", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=firm -o services=front,back firm_all");
  await on.docker("volume create -d swarmnfs -o app=firm -o services=back firm_books");
  t.is((await on.inContainer("front-1", "firm_all", "ls")).exitCode, 0);
  t.is((await on.inContainer("back-1", "firm_books", "ls")).exitCode, 0);
  t.is(
    refusal(await on.inContainer("front-1", "firm_books", "ls")),
    '"firm_books" is for the stack, compose project or service "back" and containers called back, back-… or back_… alone; this is container "front-1". To allow it: swarmnfs volumes set firm_books services=back,front-1',
  );
});

test.serial("app=shared is everyone's", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=shared fonts");
  await on.inContainer("anyone", "fonts", "echo font >file");
  t.is(
    (await on.inContainer("anybody", "fonts", "cat file", composed("some", "one"))).stdout,
    "font",
  );
  t.is((await on.status("fonts"))["path"], "shared/fonts");
});

test.serial("without an app the first project that mounts a volume owns it", async (t) => {
  await on.docker("volume create -d swarmnfs wiki");
  t.is((await on.status("wiki"))["services"], "first");
  t.is((await on.inContainer("passer-by", "wiki", "echo open >file")).exitCode, 0);
  t.is((await on.status("wiki"))["owner"], undefined);

  t.is((await on.inContainer("a3", "wiki", "cat file", composed("wiki9", "web"))).stdout, "open");
  t.regex(
    String((await on.status("wiki"))["owner"]),
    /^project wiki9 \(first, since \d{4}-\d\d-\d\d\)$/,
  );
  t.is(
    refusal(await on.inContainer("passer-by", "wiki", "cat file")),
    '"wiki" belongs to compose project "wiki9", which mounted it first; this is container "passer-by". To allow it: swarmnfs apps set wiki services=wiki9,passer-by',
  );
  t.regex(
    refusal(await on.inContainer("a4", "wiki", "ls", composed("other", "web"))),
    /^"wiki" belongs to compose project "wiki9", which mounted it first; this is compose project "other" \(service "web"\)\./,
  );
  t.is((await on.inContainer("a5", "wiki", "cat file", composed("wiki9", "db"))).stdout, "open");
});

test.serial("a removed volume's name is free for another project, its data is not", async (t) => {
  t.is(await on.docker("volume rm wiki"), "wiki");
  await on.docker("volume create -d swarmnfs wiki");
  t.is((await on.inContainer("a6", "wiki", "ls", composed("heirs", "web"))).stdout, "");
  await on.docker("volume rm wiki");
  const back = await on.swarmnfs("trash undelete wiki");
  t.is(back.exitCode, 0, back.stderr);
  t.is((await on.inContainer("a7", "wiki", "ls", composed("heirs", "web"))).exitCode, 0);
});

test.serial("hosts keeps a volume off other nodes", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=far -o hosts=node2,web-* far_data");
  t.is(
    refusal(await on.inContainer("far-1", "far_data", "ls")),
    '"far_data" may be mounted on node2, web-*; this is node "node1". To allow it: swarmnfs apps set far hosts=node2,web-*,node1',
  );
  await on.swarmnfs("apps set far hosts=NODE?");
  t.is((await on.inContainer("far-1", "far_data", "ls")).exitCode, 0);
});

test.serial("a volume's own hosts rule narrows its app's", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=near near_data");
  await on.docker("volume create -d swarmnfs -o app=near -o hosts=node9 near_there");
  t.is((await on.inContainer("near-1", "near_data", "ls")).exitCode, 0);
  t.is(
    refusal(await on.inContainer("near-1", "near_there", "ls")),
    '"near_there" may be mounted on node9; this is node "node1". To allow it: swarmnfs volumes set near_there hosts=node9,node1',
  );
});

test.serial("swarm labels on a plain container are refused", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=stacked stacked_data");
  const swarm = "--label com.docker.swarm.";
  const forged = [
    `${swarm}service.name=stacked_web`,
    `${swarm}task.name=stacked_web.1.abc`,
    `${swarm}node.id=abc`,
    "--label com.docker.stack.namespace=stacked",
  ].join(" ");
  t.is(
    refusal(await on.inContainer("stacked_web.1.abc", "stacked_data", "ls", forged)),
    'container "stacked_web.1.abc" is not what its labels say: they name swarm service "stacked_web", but this engine is in no swarm. Remove these labels from it',
  );
  const lone = "--label com.docker.stack.namespace=stacked";
  t.regex(
    refusal(await on.inContainer("stacked-1", "stacked_data", "ls", lone)),
    /they speak of swarm, but name no task/,
  );
});

test.serial("an image's compose label is no identity", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=proj proj_data");
  const label = "--label com.docker.compose.project=proj";
  t.regex(
    refusal(await on.inContainer("stranger", "proj_data", "ls", label)),
    /this is container "stranger"/,
  );
});

test.serial("of several stopped containers the one that starts is told apart", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=queue queue_data");
  await on.docker("create --name queue-1 -v queue_data:/d busybox touch /d/file");
  await on.docker("create --name robber -v queue_data:/d busybox ls /d");
  t.is((await on.attempt("start --attach queue-1")).exitCode, 0);
  const robber = await on.attempt("start --attach robber");
  t.regex(
    refusal(robber),
    /^"queue_data" belongs to app "queue": .*; this is container "robber"\./,
  );
  t.is(robber.stdout, "");
  t.is((await on.attempt("start --attach queue-1")).exitCode, 0);
  await on.docker("rm queue-1 robber");
});

test.serial("the whole storage is for the services that the node names, read-only", async (t) => {
  await on.docker("volume create -d swarmnfs -o root=true everything");
  t.is(
    refusal(await on.inContainer("stranger", "everything:/e --volume everything", "ls")),
    '"everything" is the whole storage: only "keeper", "vault" may mount it; this is container "stranger". To allow a service: docker plugin set swarmnfs SWARMNFS_ROOT_SERVICES=NAME',
  );
  const kept = await on.inContainer(
    "keeper",
    "everything",
    "cat apps/blog/blog_data/file; touch x",
  );
  t.is(kept.stdout, "secret");
  t.is(kept.stderr.trim(), "touch: x: Read-only file system");
  t.is(await on.docker("volume rm everything"), "everything");
  t.is((await on.inContainer("blog-1", "blog_data", "cat file")).stdout, "secret");
  t.notRegex((await on.swarmnfs("trash --json")).stdout, /everything/);
});

test.serial("every decision is an audit line", async (t) => {
  const lines = (await on.engine.log()).split("\n").filter((line) => line.includes("audit"));
  t.true(lines.some((line) => /deny.*blog_data.*container .*tender_bell/.test(line)));
  t.true(lines.some((line) => /allow.*blog_data.*container .*blog-1/.test(line)));
});
