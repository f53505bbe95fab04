import { once } from "node:events";
import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import test, { type ExecutionContext } from "ava";
import type { Attachment } from "../../storage/storage.ts";
import { MountNamespace } from "./mount-namespace.ts";
import { until } from "./until.ts";

/** The real mounter in a namespace of its own, between a storage and the places of its mounts. */
class Workplace {
  readonly directory: string;
  readonly namespace: MountNamespace;
  readonly #input: NodeJS.WritableStream;
  readonly #output: Interface;

  private constructor(
    directory: string,
    namespace: MountNamespace,
    input: NodeJS.WritableStream,
    output: Interface,
  ) {
    this.directory = directory;
    this.namespace = namespace;
    this.#input = input;
    this.#output = output;
  }

  /** `mount` and `umount` are shell scripts to be found instead of the real ones. */
  static async open(
    t: ExecutionContext,
    fakes: { readonly mount?: string; readonly umount?: string } = {},
  ): Promise<Workplace> {
    const directory = await mkdtemp(join(tmpdir(), "swarmnfs-mounter-"));
    const bin = join(directory, "bin");
    for (const name of ["bin", "storage/apps/blog/blog_data", "mounts"])
      await mkdir(join(directory, name), { recursive: true });
    for (const [name, script] of Object.entries(fakes))
      await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const namespace = await MountNamespace.open();
    const hasFakes = Object.keys(fakes).length > 0;
    const child = namespace.spawn(
      process.execPath,
      [
        join(import.meta.dirname, "mounter-process.ts"),
        join(directory, "mounts"),
        JSON.stringify(hasFakes ? { mount: 300, unmount: 300 } : null),
      ],
      { PATH: `${bin}:${process.env["PATH"]}`, DIRECTORY: directory },
    );
    t.teardown(async () => {
      child.kill("SIGKILL");
      namespace.close();
      await rm(directory, { recursive: true, force: true });
    });
    if (child.stdin === null || child.stdout === null) throw new Error("no pipes");
    return new Workplace(
      directory,
      namespace,
      child.stdin,
      createInterface({ input: child.stdout }),
    );
  }

  get place(): string {
    return join(this.directory, "mounts/blog_data");
  }

  attachment(options: readonly string[] = []): Attachment {
    return { type: "bind", source: join(this.directory, "storage/apps/blog/blog_data"), options };
  }

  /** One call after another. Rejects with what the mounter threw. */
  async call(method: string, ...args: unknown[]): Promise<unknown> {
    this.#input.write(`${JSON.stringify([method, ...args])}\n`);
    const [line] = (await once(this.#output, "line")) as [string];
    const { value, error } = JSON.parse(line) as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return value;
  }

  mount(options: readonly string[] = []): Promise<unknown> {
    return this.call("mount", "blog_data", this.attachment(options));
  }
}

test("a volume appears at its place, over a cover, without suid and devices", async (t) => {
  const work = await Workplace.open(t);
  await work.mount();
  await work.namespace.run(`echo hello >${work.place}/greeting`);
  t.is(await work.namespace.run(`cat ${work.attachment().source}/greeting`), "hello");
  const [cover, volume, ...more] = await work.namespace.mountsAt(work.place);
  t.regex(cover ?? "", / ro,relatime[^-]* - tmpfs swarmnfs-cover ro,/);
  t.regex(volume ?? "", /\/apps\/blog\/blog_data \S+ rw,nosuid,nodev[, ]/);
  t.deepEqual(more, []);
  t.deepEqual(await work.call("mounted"), ["blog_data"]);
  t.true(await work.call("proves", "blog_data", work.attachment()));
});

test("a read-only volume can be read and not written, whatever the directory's mode", async (t) => {
  const work = await Workplace.open(t);
  await work.mount(["ro", "noexec"]);
  const [, volume] = await work.namespace.mountsAt(work.place);
  t.regex(volume ?? "", / ro,nosuid,nodev,noexec[, ]/);
  await t.throwsAsync(work.namespace.run(`touch ${work.place}/x`), {
    message: /Read-only file system/,
  });
  t.true(await work.call("proves", "blog_data", work.attachment(["ro", "noexec"])));
  t.false(await work.call("proves", "blog_data", work.attachment()), "it is not writable");
});

test("after an unmount nothing is left of it", async (t) => {
  const work = await Workplace.open(t);
  await work.mount();
  await work.call("unmount", "blog_data");
  t.deepEqual(await work.namespace.mountsAt(work.place), []);
  t.deepEqual(await work.call("mounted"), []);
  await t.throwsAsync(access(work.place));
  await work.call("unmount", "blog_data");
});

test("where the volume was taken away, the cover keeps even root from writing beside the storage", async (t) => {
  const work = await Workplace.open(t);
  await work.mount();
  await work.namespace.run(`umount ${work.place}`);
  await t.throwsAsync(work.namespace.run(`touch ${work.place}/x`), {
    message: /Read-only file system/,
  });
  t.deepEqual(await work.call("mounted"), [], "a cover alone is no volume");
  t.false(await work.call("proves", "blog_data", work.attachment()));
});

test("a volume that was taken away lazily is mounted anew, and never twice over itself", async (t) => {
  const work = await Workplace.open(t);
  await work.mount();
  await work.namespace.run(`umount --lazy ${work.place}`);
  await work.mount();
  await work.mount();
  t.is((await work.namespace.mountsAt(work.place)).length, 2);
  t.true(await work.call("proves", "blog_data", work.attachment()));
});

test("a volume that somebody uses is unmounted all the same", async (t) => {
  const work = await Workplace.open(t);
  await work.mount();
  const user = work.namespace.spawn("sh", ["-c", `cd ${work.place} && echo in && exec sleep 60`]);
  t.teardown(() => user.kill("SIGKILL"));
  if (user.stdout !== null) await once(user.stdout, "data");
  await work.call("unmount", "blog_data");
  t.deepEqual(await work.namespace.mountsAt(work.place), []);
});

test("all that lies at its place is taken away by one umount(8), and what is not there is no failure", async (t) => {
  const work = await Workplace.open(t, {
    umount: 'echo "$*" >>$DIRECTORY/umounts; exec /usr/bin/umount "$@"',
  });
  await work.mount();
  await work.namespace.run(`mount -t tmpfs tmpfs ${work.place}`);
  await work.call("unmount", "blog_data");
  t.deepEqual(await work.namespace.mountsAt(work.place), []);
  await work.call("unmount", "blog_data");
  const calls = await readFile(join(work.directory, "umounts"), "utf8");
  t.is(calls.split(work.place).length - 1, 3);
  t.is(calls.split("\n").filter(Boolean).length, 1);
});

test("another directory than the volume's is no proof, nor is something mounted over it", async (t) => {
  const work = await Workplace.open(t);
  await mkdir(join(work.directory, "storage/apps/shop"), { recursive: true });
  await work.mount();
  const shop = { ...work.attachment(), source: join(work.directory, "storage/apps/shop") };
  t.false(await work.call("proves", "blog_data", shop));
  await work.namespace.run(`mount -t tmpfs tmpfs ${work.place}`);
  t.false(await work.call("proves", "blog_data", work.attachment()));
});

test("a source that was swapped for a symlink is not handed out, and stays unmounted", async (t) => {
  const work = await Workplace.open(t);
  const { source } = work.attachment();
  await mkdir(join(work.directory, "storage/apps/shop/secret"), { recursive: true });
  await rm(source, { recursive: true });
  await symlink("../shop/secret", source);
  await t.throwsAsync(work.mount(), {
    message: /^UserError: what was mounted is not what was asked for \(.*blog_data\): /,
  });
  t.deepEqual(await work.namespace.mountsAt(work.place), []);
});

test("a parent that was swapped for a symlink is not handed out either", async (t) => {
  const work = await Workplace.open(t);
  await mkdir(join(work.directory, "storage/apps/shop/blog_data"), { recursive: true });
  await rm(join(work.directory, "storage/apps/blog"), { recursive: true });
  await symlink("shop", join(work.directory, "storage/apps/blog"));
  await t.throwsAsync(work.mount(), { message: /^UserError: what was mounted is not/ });
  t.deepEqual(await work.namespace.mountsAt(work.place), []);
});

test("a directory that was removed and made again is no proof any more", async (t) => {
  const work = await Workplace.open(t);
  await work.mount();
  await rm(work.attachment().source, { recursive: true });
  await mkdir(work.attachment().source);
  t.false(await work.call("proves", "blog_data", work.attachment()));
  await work.mount();
  t.true(await work.call("proves", "blog_data", work.attachment()));
});

test("a source that is not there fails in mount's own words, and leaves nothing", async (t) => {
  const work = await Workplace.open(t);
  await rm(work.attachment().source, { recursive: true });
  await t.throwsAsync(work.mount(), {
    message: /^UserError: mount failed: .*(exist|No such file)/,
  });
  t.deepEqual(await work.namespace.mountsAt(work.place), []);
});

test("a mount that hangs is killed with all its children, and leaves nothing", async (t) => {
  // As mount(8) runs mount.nfs: a child that keeps its pipes open.
  const work = await Workplace.open(t, {
    mount:
      'case "$*" in *tmpfs*) exec /usr/bin/mount "$@";; esac\nsleep 60 & echo $! >$DIRECTORY/child; wait',
  });
  const began = performance.now();
  await t.throwsAsync(work.mount(), {
    message: "UserError: mount failed: no answer within 0.3 s",
  });
  t.true(performance.now() - began < 5_000);
  t.deepEqual(await work.namespace.mountsAt(work.place), []);
  const pid = await work.namespace.run(`cat ${work.directory}/child`);
  await until("its child has ended", () =>
    access(`/proc/${pid}`).then(
      () => false,
      () => true,
    ),
  );
});

test("an unmount that hangs ends with its bound", async (t) => {
  const work = await Workplace.open(t, { umount: "sleep 60" });
  await work.mount();
  await t.throwsAsync(work.call("unmount", "blog_data"), {
    message: "UserError: umount failed: no answer within 0.3 s",
  });
});

test("a name with a space and other odd characters in the path above is found again", async (t) => {
  const work = await Workplace.open(t);
  const source = join(work.directory, "storage/with space\\and\ttab");
  await mkdir(source);
  await work.call("mount", "odd", { type: "bind", source, options: [] });
  t.true(await work.call("proves", "odd", { type: "bind", source, options: [] }));
});
