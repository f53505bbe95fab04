// What containers do with their volumes all day: start, crash, get copied into, stay behind.
import test from "ava";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";
import { refusal } from "./words.ts";

const on = fileEngine("everyday-containers");

test.serial("docker cp into a running container keeps its volume mounted", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=cp cp");
  await on.docker("run -d --init --name cp-1 -v cp:/d busybox sleep 600");
  await on.docker("exec cp-1 sh -c", "echo one >/d/one");
  const folder = on.engine.folder;
  await on.docker(`cp cp-1:/d/one ${folder}/one`);
  await on.docker(`cp ${folder}/one cp-1:/d/two`);
  t.is(await on.docker("exec cp-1 cat /d/one /d/two"), "one\none");
  t.deepEqual(await on.mounted(), ["cp"]);
  t.is((await on.status("cp"))["state"], "mounted");
});

test.serial(
  "docker cp works on a stopped container, which then starts with its volume",
  async (t) => {
    await on.docker("stop cp-1");
    await on.docker(`cp ${on.engine.folder}/one cp-1:/d/three`);
    await on.docker(`cp cp-1:/d/three ${on.engine.folder}/three`);
    await on.docker("start cp-1");
    t.is(await on.docker("exec cp-1 cat /d/three"), "one");
    await on.docker("rm --force cp-1");
  },
);

test.serial("a container that crashes and restarts keeps its volume", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=crash crash");
  const script = "echo start >>/d/starts; sleep 0.2; exit 1";
  await on.docker("run -d --restart on-failure:4 --name crash-1 -v crash:/d busybox sh -c", script);
  await until("it has given up", async () => {
    const state = await on.docker(
      "inspect --format",
      "{{.RestartCount}} {{.State.Status}}",
      "crash-1",
    );
    return state === "4 exited";
  });
  t.is((await on.inContainer("crash-2", "crash", "wc -l <starts")).stdout, "5");
  await on.docker("rm crash-1");
});

test.serial("docker restart, kill and start find the data again", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=again again");
  const script = "echo start >>/d/starts; exec sleep 600";
  await on.docker("run -d --init --name again-1 -v again:/d busybox sh -c", script);
  await on.docker("restart --time 1 again-1");
  await on.docker("kill again-1");
  await on.docker("start again-1");
  await on.docker("pause again-1");
  await on.docker("unpause again-1");
  t.is(await on.docker("exec again-1 wc -l /d/starts"), "3 /d/starts");
  await on.docker("rm --force again-1");
});

test.serial("a volume in use cannot be removed, not even with a stopped container", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=used used");
  const id = await on.docker("run -d --init --name used-1 -v used:/d busybox sleep 600");
  const words = `Error response from daemon: remove used: volume is in use - [${id}]`;
  for (const state of ["running", "stopped"]) {
    const running = await on.attempt("volume rm used");
    t.is(running.stderr.trim(), words, state);
    t.not((await on.attempt("volume rm --force used")).exitCode, 0, state);
    await on.docker("stop --time 1 used-1");
  }
  await on.docker("rm used-1");
  t.is(await on.docker("volume rm used"), "used");
});

test.serial("the plugin itself refuses to remove a volume that a container holds", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=held held");
  await on.docker(
    "run -d --init --name held-1 -v held:/d busybox sh -c",
    "echo x >/d/file; exec sleep 600",
  );
  t.deepEqual(await on.ask("VolumeDriver.Remove", { Name: "held" }), {
    Err: 'swarmnfs: "held" is mounted on node1 (container "held-1"). Remove the service or container first',
  });
  t.is(await on.docker("exec held-1 cat /d/file"), "x");
  await on.docker("rm --force held-1");
});

/** An image that has files and a directory of an owner of its own where a volume will be. */
async function imageWithFiles(): Promise<string> {
  const script = "mkdir -p /site/sub; echo page >/site/index.html; chown 33:33 /site /site/sub";
  await on.docker("run --name seed busybox sh -c", script);
  await on.docker("commit --change", 'CMD ["sh"]', "seed", "site");
  await on.docker("rm seed");
  return "site";
}

test.serial("an empty volume gets the image's files with their owners", async (t) => {
  const image = await imageWithFiles();
  await on.docker("volume create -d swarmnfs -o app=site site_data");
  const look = "cat /site/index.html; stat -c '%u %n' /site /site/sub";
  t.is(
    await on.docker(`run --rm --name site-1 -v site_data:/site ${image} sh -c`, look),
    "page\n33 /site\n33 /site/sub",
  );
  await on.inContainer("site-2", "site_data", "echo changed >index.html");
  t.is(
    await on.docker(`run --rm --name site-1 -v site_data:/site ${image} cat /site/index.html`),
    "changed",
  );
});

test.serial(
  "another app's container gets nothing and leaves nothing, image files or not",
  async (t) => {
    await on.docker("volume create -d swarmnfs -o app=shop shop_data");
    const refused = await on.attempt(
      "run --rm --name thief -v shop_data:/site site cat /site/index.html",
    );
    t.is(refused.exitCode, 125);
    t.is(refused.stdout, "");
    t.is(
      refusal(refused),
      '"shop_data" belongs to app "shop": the stack, compose project or service "shop" and containers called shop, shop-… or shop_… may mount it; this is container "thief". To allow it: swarmnfs apps set shop services=shop,thief',
    );
    t.is(await on.docker("ps --all --quiet --filter name=thief"), "");
    t.is((await on.inContainer("shop-1", "shop_data", "ls")).stdout, "");
  },
);

test.serial("nocopy leaves an empty volume empty", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=bare bare");
  t.is(await on.docker("run --rm --name bare-1 -v bare:/site:nocopy site ls /site"), "");
});

test.serial("prune removes nothing of ours", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=pruned pruned");
  await on.inContainer("pruned-1", "pruned", "echo kept >file");
  await on.docker("volume create local_one");
  await on.docker("volume prune --force");
  await on.attempt("volume prune --all --force");
  await on.docker("system prune --volumes --force");
  t.regex(await on.docker("volume ls --quiet"), /^pruned$/m);
  t.is((await on.inContainer("pruned-1", "pruned", "cat file")).stdout, "kept");
});

test.serial("an anonymous volume lives and goes with its container", async (t) => {
  const line = "run --rm --name anonymous --volume-driver swarmnfs -v /d busybox sh -c";
  t.is(await on.docker(line, "echo x >/d/file && cat /d/file"), "x");
  t.notRegex(await on.docker("volume ls --quiet"), /^[0-9a-f]{64}$/m);
  t.regex((await on.swarmnfs("trash")).stdout, /^[0-9a-f]{64}@/m);
});

test.serial("docker exec, export, commit and logs do not disturb a volume", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=calm calm");
  await on.docker(
    "run -d --init --name calm-1 -v calm:/d busybox sh -c",
    "echo x >/d/file; exec sleep 600",
  );
  await on.docker("commit calm-1 calm");
  await on.docker(`export --output ${on.engine.folder}/calm.tar calm-1`);
  t.is(await on.docker("exec calm-1 cat /d/file"), "x");
  t.is(await on.docker("run --rm calm ls /d"), "");
  await on.docker("rm --force calm-1");
});

test.serial("nothing stays mounted when the last container is gone", async (t) => {
  t.is(await on.docker("ps --all --quiet"), "");
  await on.allUnmounted();
});
