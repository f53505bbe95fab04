import test from "ava";
import { engineUnderTest } from "./engine-under-test.ts";

test("two containers of an app share a file through the managed plugin", async (t) => {
  const { cli } = await engineUnderTest(t);
  t.is(
    await cli.run("volume", "create", "-d", "swarmnfs", "-o", "app=blog", "blog_data"),
    "blog_data",
  );

  const share = ["--volume", "blog_data:/data", "busybox"];
  await cli.run(
    "run",
    "--rm",
    "--name",
    "blog-1",
    ...share,
    "sh",
    "-c",
    "echo hello >/data/greeting",
  );
  t.is(
    await cli.run("run", "--rm", "--name", "blog-2", ...share, "cat", "/data/greeting"),
    "hello",
  );

  t.regex(
    await cli.run("volume", "ls", "--format", "{{.Driver}} {{.Name}}"),
    /^swarmnfs:latest blog_data$/m,
  );
});

test("the plugin says what it needs, and every setting of its can be set", async (t) => {
  const { cli } = await engineUnderTest(t, {
    settings: { SWARMNFS_LOG_LEVEL: "debug", "storage.source": "/srv" },
  });
  const env = await cli.run(
    "plugin",
    "inspect",
    "swarmnfs",
    "--format",
    '{{join .Settings.Env "\\n"}}',
  );
  t.regex(env, /^SWARMNFS_LOG_LEVEL=debug$/m);
  t.is(await cli.run("plugin", "inspect", "swarmnfs", "--format", "{{.Enabled}}"), "true");
});
