import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import test, { type ExecutionContext } from "ava";
import { MountNamespace } from "../../plugin/mount-namespace.ts";

interface Server {
  readonly directory: string;
  readonly namespace: MountNamespace;
  readonly call: (method: string, ...args: unknown[]) => Promise<unknown>;
  /** Another process on the same mounts, as after an agent's crash. */
  readonly again: () => Server["call"];
}

async function serve(t: ExecutionContext, volumes: readonly string[]): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), "swarmnfs-pseudo-root-"));
  for (const volume of volumes) {
    await mkdir(join(directory, "data/apps/blog", volume), { recursive: true });
    await writeFile(join(directory, "data/apps/blog", volume, "name"), volume);
  }
  const namespace = await MountNamespace.open();
  t.teardown(async () => {
    namespace.close();
    await rm(directory, { recursive: true, force: true });
  });
  const again = (): Server["call"] => {
    const child = namespace.spawn(process.execPath, [
      join(import.meta.dirname, "pseudo-root-process.ts"),
      join(directory, "exports"),
      join(directory, "data"),
    ]);
    t.teardown(() => void child.kill("SIGKILL"));
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error("no pipes");
    const lines = createInterface({ input: stdout });
    return async (...call) => {
      stdin.write(`${JSON.stringify(call)}\n`);
      const [line] = (await once(lines, "line")) as [string];
      const { value, error } = JSON.parse(line) as { value?: unknown; error?: string };
      if (error !== undefined) throw new Error(error);
      return value;
    };
  };
  const call = again();
  await call("open");
  return { directory, namespace, call, again };
}

const blog = (volume: string): { volume: string; app: string } => ({ volume, app: "blog" });

test("each volume is shown flat, by a mount of its own directory alone", async (t) => {
  const { namespace, directory, call } = await serve(t, ["one", "two", "three"]);
  t.deepEqual(await call("show", [blog("one"), blog("two")]), []);
  t.is(
    await namespace.run(`cat ${directory}/exports/one/name ${directory}/exports/two/name`),
    "onetwo",
  );
  t.is(await namespace.run(`ls ${directory}/exports`), "one\ntwo");
  t.is((await namespace.mountsAt(`${directory}/exports/one`)).length, 1);
  t.deepEqual(await call("show", [blog("one")]), []);
  t.is((await namespace.mountsAt(`${directory}/exports/one`)).length, 1);
});

test("what is hidden is gone, and can be shown again", async (t) => {
  const { namespace, directory, call } = await serve(t, ["one"]);
  await call("show", [blog("one")]);
  await call("hide", "one");
  t.is(await namespace.run(`ls ${directory}/exports`), "");
  await call("hide", "one");
  await call("show", [blog("one")]);
  t.is(await namespace.run(`cat ${directory}/exports/one/name`), "one");
});

test("a symlink in place of a volume or of its app is not followed, and others are shown all the same", async (t) => {
  const { directory, call } = await serve(t, ["one"]);
  await symlink("/etc", join(directory, "data/apps/blog/evil"));
  await symlink("blog", join(directory, "data/apps/other"));
  const failures = (await call("show", [
    blog("evil"),
    { volume: "one", app: "other" },
    blog("missing"),
  ])) as [string, string][];
  t.deepEqual(failures.map(([name]) => name).toSorted(), ["evil", "missing", "one"]);
  for (const [, message] of failures) t.regex(message, /is not on the data disk/);
  t.deepEqual(await call("shown"), []);
  t.deepEqual(await call("show", [blog("one")]), []);
});

test("an agent that starts again takes over what is mounted, and replaces what is not right any more", async (t) => {
  const { namespace, directory, call, again } = await serve(t, ["one", "two"]);
  await call("show", [blog("one"), blog("two")]);
  const before = await namespace.mountsAt(`${directory}/exports/one`);
  await rename(join(directory, "data/apps/blog/two"), join(directory, "data/apps/blog/old"));
  await mkdir(join(directory, "data/apps/blog/two"));
  const next = again();
  await next("open");
  t.deepEqual(((await next("shown")) as string[]).toSorted(), ["one", "two"]);
  t.deepEqual(await next("show", [blog("one"), blog("two")]), []);
  t.deepEqual(await namespace.mountsAt(`${directory}/exports/one`), before);
  t.is(await namespace.run(`ls ${directory}/exports/two`), "");
  t.is((await namespace.mountsAt(`${directory}/exports`)).length, 1);
});

test("hundreds are shown at once", async (t) => {
  const names = Array.from({ length: 250 }, (_, n) => `v${n}`);
  const { namespace, directory, call } = await serve(t, names);
  t.deepEqual(await call("show", names.map(blog)), []);
  t.is(await namespace.run(`cat ${directory}/exports/v249/name`), "v249");
});

test("the folders of the whole storage are shown below one place, and gone with it, also after a restart", async (t) => {
  const { namespace, directory, call, again } = await serve(t, ["one"]);
  const apps = { volume: "all/apps", app: "root", folders: ["apps"] };
  t.deepEqual(await call("show", [apps]), []);
  t.is(await namespace.run(`cat ${directory}/exports/all/apps/blog/one/name`), "one");
  t.is(await namespace.run(`ls -A ${directory}/exports/all`), "apps");
  const next = again();
  await next("open");
  t.deepEqual(await next("show", [apps]), []);
  t.is((await namespace.mountsAt(`${directory}/exports/all/apps`)).length, 1);
  await next("hide", "all");
  t.is(await namespace.run(`ls -A ${directory}/exports`), "");
});

test("when another disk was mounted over the data, what is shown is replaced by what lies there now", async (t) => {
  const { namespace, directory, call } = await serve(t, ["one", "two"]);
  await call("show", [blog("one"), blog("two")]);
  await namespace.run(
    `mount -t tmpfs other ${directory}/data && mkdir -p ${directory}/data/apps/blog/one && echo new >${directory}/data/apps/blog/one/name`,
  );
  await call("doubt");
  const failures = (await call("show", [blog("one"), blog("two")])) as [string, string][];
  t.deepEqual(
    failures.map(([volume]) => volume),
    ["two"],
  );
  t.is((await namespace.run(`cat ${directory}/exports/one/name`)).trim(), "new");
  t.is((await namespace.mountsAt(`${directory}/exports/one`)).length, 1);
  t.is(await namespace.run(`cat ${directory}/exports/two/name`), "two", "what is open goes on");
});
