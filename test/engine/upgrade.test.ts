// The plugin is switched off, replaced and installed anew, with its volumes in use.
import test from "ava";
import { enablePlugin, pluginFolder, withAnotherBuild } from "../../engine-box/plugin.ts";
import { countsOn, startCounter, startOf } from "./counter.ts";
import { fileEngine } from "./file-engine.ts";

const on = fileEngine("upgrade");

/** What a node must not lose: who it is, and which storage it met. */
const identity = async (): Promise<string> =>
  (await on.engine.run("cat", ["/var/lib/swarmnfs/node.json"])).stdout;

test.serial("a plugin that is used is not disabled by accident", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=blog -o mode=0750 blog_data");
  await startCounter(on, "blog-1", "blog_data");
  t.regex((await on.attempt("plugin disable swarmnfs")).stderr, /plugin swarmnfs:latest is in use/);
  await countsOn(on, "blog-1");
});

test.serial(
  "containers go on while the plugin is disabled by force, and new ones start after",
  async (t) => {
    const started = await startOf(on, "blog-1");
    await on.docker("plugin disable --force swarmnfs");
    await countsOn(on, "blog-1");
    t.not((await on.inContainer("blog-2", "blog_data", "ls")).exitCode, 0);

    await on.docker("plugin enable swarmnfs");

    await countsOn(on, "blog-1");
    t.is((await on.inContainer("blog-2", "blog_data", "ls")).stdout, "blog-1");
    t.is(await startOf(on, "blog-1"), started);
    t.deepEqual((await on.status("blog_data"))["mountedOn"], ["node1"]);
  },
);

test.serial(
  "a volume used since before the plugin was disabled is not removed by accident",
  async (t) => {
    t.regex(
      (await on.attempt("volume rm --force blog_data")).stderr,
      /volume is in use|is mounted on/,
    );
    await countsOn(on, "blog-1");
  },
);

test.serial("containers from before and after leave nothing mounted", async (t) => {
  await startCounter(on, "blog-3", "blog_data");
  await on.docker("rm --force blog-1");
  await countsOn(on, "blog-3");
  await on.docker("rm --force blog-3");
  await on.allUnmounted();
  t.is((await on.inContainer("blog-4", "blog_data", "ls")).stdout, "blog-1\nblog-3");
});

test.serial(
  "a newer build takes over volumes in use, with what they are and who may mount them",
  async (t) => {
    await startCounter(on, "blog-5", "blog_data", "--restart always");
    const [started, before] = [await startOf(on, "blog-5"), await identity()];
    const { since: _, ...status } = await on.status("blog_data");

    await withAnotherBuild(async (folder) => {
      await on.docker("plugin rm --force swarmnfs");
      await on.docker(`plugin create swarmnfs ${folder}`);
    });
    await enablePlugin(on.engine.cli, { SWARMNFS_LOG_LEVEL: "debug" });

    await countsOn(on, "blog-5");
    t.is(await startOf(on, "blog-5"), started);
    await startCounter(on, "blog-6", "blog_data");
    await countsOn(on, "blog-6");
    const { since: __, ...statusNow } = await on.status("blog_data");
    t.deepEqual(statusNow, status);
    t.is(
      await on.docker("volume inspect --format", "{{json .Options}}", "blog_data"),
      '{"app":"blog","mode":"0750"}',
    );
    t.regex(
      (await on.inContainer("shop-1", "blog_data", "ls")).stderr,
      /"blog_data" belongs to app "blog"/,
    );
    t.is(await identity(), before);
  },
);

test.serial("after the replacement the engine boots with the containers of before", async (t) => {
  await on.engine.restartDaemon();
  await countsOn(on, "blog-5");
  await on.docker("rm --force blog-5 blog-6");
  await on.allUnmounted();
  t.is(
    (await on.inContainer("blog-7", "blog_data", "ls")).stdout,
    "blog-1\nblog-3\nblog-5\nblog-6",
  );
});

test.serial(
  "a plugin removed and installed anew finds its volumes, its trash and itself",
  async (t) => {
    await on.docker("volume create -d swarmnfs -o app=wiki old_wiki");
    await on.inContainer("wiki-1", "old_wiki", "echo precious >page");
    await on.docker("volume rm old_wiki");
    const before = await identity();

    // By force: Docker counts volumes it has created as a use of the plugin.
    await on.docker("plugin rm --force swarmnfs");
    await on.docker(`plugin create swarmnfs ${pluginFolder}`);
    await enablePlugin(on.engine.cli);

    t.is(
      await on.docker("volume ls --format", "{{.Driver}} {{.Name}}"),
      "swarmnfs:latest blog_data",
    );
    t.is((await on.inContainer("blog-8", "blog_data", "ls | wc -l")).stdout, "4");
    t.is(await identity(), before);
    const { stdout } = await on.swarmnfs("trash --json");
    const [, entry = ""] = /"(old_wiki@[^"]+)"/.exec(stdout) ?? [];
    t.is((await on.swarmnfs(`trash undelete ${entry}`)).exitCode, 0);
    t.is((await on.inContainer("wiki-2", "old_wiki", "cat page")).stdout, "precious");
  },
);
