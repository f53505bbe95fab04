import type { ExecutionContext } from "ava";
import { said, settled, theTask, type ExampleSwarm } from "./example-swarm.ts";

const [web, editor] = ["site_web", "site_editor"];
const [config, pages] = ["/etc/nginx/conf.d", "/usr/share/nginx/html"];

/** Deployed, its pages and its configuration changed, and a mistake in the configuration survived. */
export async function siteExample(t: ExecutionContext, on: ExampleSwarm): Promise<void> {
  await on.deploy("site");
  await everywhere(on, "", /Welcome to nginx/);
  await edited(on, `echo second >${pages}/page.txt`);
  await everywhere(on, "page.txt", /^second$/);
  for (const answer of await on.published("page.txt", "localhost")) t.is(answer, "second");
  const [first] = await on.tasks(web);
  for (const place of [config, pages])
    t.regex((await first?.run(`touch ${place}/mine`))?.stderr ?? "", /Read-only file system/);

  const added = "server { listen 81; return 200 third; }";
  await edited(on, `echo '${added}' >${config}/third.conf && nginx -t`);
  t.not((await first?.run("curl -fsS http://localhost:81/"))?.exitCode, 0);
  await on.docker(`service update --detach --force ${web}`);
  await everywhere(on, ":81", /^third$/);

  const before = await updated(on);
  await edited(on, `echo 'server { listen' >${config}/wrong.conf`);
  await t.throwsAsync(edited(on, "nginx -t"), { message: /wrong\.conf/ });
  await on.docker(`service update --detach --force ${web}`);
  await on.until("the update stands still", async () => {
    const state = "service inspect --format {{.UpdateStatus.State}}";
    return (await on.docker(`${state} ${web}`)) === "paused";
  });
  const still = await on.tasks(web);
  t.is(still.filter(({ id }) => before.has(id)).length, 3, "the old ones go on");
  await edited(on, `rm ${config}/wrong.conf && nginx -t`);
  await on.docker(`service update --detach --force ${web}`);
  await everywhere(on, ":81", /^third$/);
}

/** The tasks, as soon as an update is done. */
async function updated(on: ExampleSwarm): Promise<ReadonlySet<string>> {
  await on.until("the update is done", async () => {
    const state = "service inspect --format {{.UpdateStatus.State}}";
    return (await on.docker(`${state} ${web}`)) === "completed";
  });
  return new Set((await settled(on, web, 3)).map(({ id }) => id));
}

async function edited(on: ExampleSwarm, script: string): Promise<string> {
  return said(await theTask(on, editor), script);
}

/** Waits until all three web servers say so, asked in their own containers; `place` is a path, or a port before one. */
async function everywhere(on: ExampleSwarm, place: string, expected: RegExp): Promise<void> {
  const url = `http://localhost${place.startsWith(":") ? place : `/${place}`}`;
  await on.until(`${url} says ${expected.source} everywhere`, async () => {
    const answers = await Promise.all(
      (await settled(on, web, 3)).map((task) => task.run(`curl -fsS ${url}`)),
    );
    return answers.every(({ stdout }) => expected.test(stdout.trim()));
  });
}
