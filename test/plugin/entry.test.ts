// The plugin as it is really run: a process, a socket, mount(8), the kernel.
import { access, readFile, stat } from "node:fs/promises";
import { Agent, request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import test from "ava";
import { EntryUnderTest } from "./entry-under-test.ts";
import { newId } from "./fake-daemon.ts";
import { until } from "./until.ts";

test.serial("it listens at once, and answers what came before it was ready", async (t) => {
  const plugin = await EntryUnderTest.prepare(t);
  const began = performance.now();
  const running = plugin.start();
  await plugin.listening();
  const listening = performance.now();
  t.false(running.output.includes('"ready"'), "everything was loaded before it listened");
  const body = "{}\n";
  const answer = await plugin.docker.raw(
    `POST /VolumeDriver.Capabilities HTTP/1.1\r\nHost: \r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  t.regex(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\{"Capabilities":\{"Scope":"global"\}\}$/);
  const ms = [listening - began, performance.now() - began].map(Math.round);
  t.log(`listened after ${ms[0]} ms, answered after ${ms[1]} ms`);
  t.is((await stat(plugin.socket)).mode & 0o777, 0o600);
});

test.serial("it never closes a connection that Docker keeps, but when it ends", async (t) => {
  const plugin = await EntryUnderTest.prepare(t);
  const running = plugin.start();
  await plugin.listening();
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const path = "/VolumeDriver.Capabilities";
    request({ socketPath: plugin.socket, path, method: "POST", agent }, resolve)
      .on("error", reject)
      .end("{}");
  });
  response.resume();
  t.is(response.headers.connection, "keep-alive");
  // Would tell after how many seconds it is closed.
  t.is(response.headers["keep-alive"], undefined);
  const began = performance.now();
  t.is(await running.end("SIGTERM"), 0);
  t.true(performance.now() - began < 4_000, "an idle connection is no reason to end late");
});

test.serial("a killed plugin's mounts go on, and the next one takes them over", async (t) => {
  const plugin = await EntryUnderTest.prepare(t);
  const { docker, namespace } = plugin;
  const first = plugin.start();
  await plugin.listening();
  t.deepEqual(await docker.call("Create", { Name: "v", Opts: { app: "shared" } }), {});
  const place = join(plugin.mounts, "v");
  const [one, two] = [newId(), newId()];
  t.deepEqual(await docker.call("Mount", { Name: "v", ID: one }), { Mountpoint: place });
  await namespace.run(`echo hello >${place}/greeting`);
  t.is(await readFile(join(plugin.storage, "shared/v/greeting"), "utf8"), "hello\n");
  const [, volume] = await namespace.mountsAt(place);
  t.regex(volume ?? "", / rw,nosuid,nodev[, ]/);

  await first.end("SIGKILL");
  await access(plugin.socket);
  plugin.start();
  await plugin.listening();
  t.deepEqual(await docker.call("Mount", { Name: "v", ID: two }), { Mountpoint: place });
  t.is((await namespace.mountsAt(place)).length, 2, "a cover and the volume");
  t.deepEqual(await docker.call("Unmount", { Name: "v", ID: one }), {});
  t.is(await namespace.run(`cat ${place}/greeting`), "hello");
  t.deepEqual(await docker.call("Unmount", { Name: "v", ID: two }), {});
  t.deepEqual(await docker.call("Remove", { Name: "v" }), {});
  t.deepEqual(await namespace.mountsAt(place), []);
});

test.serial("nothing that belongs to a killed plugin runs on", async (t) => {
  const plugin = await EntryUnderTest.prepare(t);
  const running = plugin.start();
  await plugin.listening();
  await plugin.docker.call("Create", { Name: "v", Opts: { app: "shared" } });
  const path = `/proc/${running.pid}/task/${running.pid}/children`;
  const children = (await readFile(path, "utf8")).trim().split(" ");
  t.not(children.join(), "", "the storage is kept by a child");
  await running.end("SIGKILL");
  await until("its children have ended", async () => {
    const alive = await Promise.all(
      children.map((pid) =>
        readFile(`/proc/${pid}/stat`, "utf8").then(
          (text) => !text.includes(") Z "),
          () => false,
        ),
      ),
    );
    return !alive.includes(true);
  });
});

test.serial("a second plugin on the same socket is refused, and touches nothing", async (t) => {
  const plugin = await EntryUnderTest.prepare(t);
  plugin.start();
  await plugin.listening();
  await plugin.docker.call("Capabilities");
  const second = plugin.start({ SWARMNFS_STATE: join(plugin.directory, "other-state") });
  t.is(await second.ended, 1);
  t.is(second.complaints, `swarmnfs: another process answers on ${plugin.socket}: stop it first\n`);
  t.is(second.output, "");
  await t.throwsAsync(access(join(plugin.directory, "other-state")));
  t.deepEqual(await plugin.docker.call("List"), { Volumes: [] });
});

test.serial("a misspelt variable ends a plain process, and its message names it", async (t) => {
  const plugin = await EntryUnderTest.prepare(t);
  const running = plugin.start({ SWARMNFS_STORAGES: "dir:///srv/swarm", SWARMNFS_DOCKER: "tcp" });
  t.is(await running.ended, 2);
  t.is(
    running.complaints,
    'swarmnfs: the settings cannot be used: unknown variable SWARMNFS_STORAGES: did you mean SWARMNFS_STORAGE?; SWARMNFS_DOCKER="tcp" is wrong: the path of Docker\'s socket is expected, or off\n',
  );
  await t.throwsAsync(access(plugin.socket));
});

/** A root directory like the machine's, with what only a managed plugin has: /host/state, /host/run, /mnt/volumes. */
const insideDocker = `
  root=$(mktemp -d) && mount -t tmpfs tmpfs "$root" && cd "$root" && mkdir -p host/state host/run mnt/volumes
  for place in /*; do
    [ -d "$place" ] && [ ! -L "$place" ] && [ "$place" != /mnt ] || { [ -L "$place" ] && cp -P "$place" .; continue; }
    mkdir -p ".$place" && mount --rbind "$place" ".$place"
  done
  exec chroot . "$@"`;

test.serial(
  "a managed plugin with a misspelt variable goes on listening, and says so with every answer",
  async (t) => {
    const plugin = await EntryUnderTest.prepare(t);
    const managed = {
      ...plugin.environment,
      SWARMNFS_MANAGED: "1",
      SWARMNFS_STORAGES: "dir:///srv",
    };
    const running = plugin.start(managed, insideDocker);
    await plugin.listening();
    const { Err } = await plugin.docker.call("Create", { Name: "v", Opts: null });
    t.is(
      Err,
      "swarmnfs: the settings cannot be used: unknown variable SWARMNFS_STORAGES: did you mean SWARMNFS_STORAGE?",
    );
    t.deepEqual(await plugin.docker.call("List"), { Volumes: [] });
    t.true(running.output.includes("SWARMNFS_STORAGES"));
    await running.end("SIGTERM");
  },
);

test.serial(
  "a managed plugin that cannot start goes on listening without answering, and tries again",
  async (t) => {
    const plugin = await EntryUnderTest.prepare(t);
    // A file where its directory should be, for a while.
    const state = "host/state/swarmnfs";
    const broken = insideDocker.replace(
      "exec chroot",
      `touch ${state} && { sleep 4; rm ${state}; } & exec chroot`,
    );
    const running = plugin.start({ SWARMNFS_MANAGED: "1" }, broken);
    await plugin.listening();
    await t.throwsAsync(plugin.docker.call("Get", { Name: "v" }), { code: "ECONNRESET" });
    t.regex(running.complaints, /^swarmnfs: cannot start: /);
    await until("it answers", () =>
      plugin.docker.call("List").then(
        () => true,
        () => false,
      ),
    );
    await running.end("SIGTERM");
  },
);

test.serial(
  "SIGTERM ends it at once, with its mounts in place and its table written",
  async (t) => {
    const plugin = await EntryUnderTest.prepare(t);
    const { docker, namespace } = plugin;
    const running = plugin.start();
    await plugin.listening();
    await docker.call("Create", { Name: "v", Opts: { app: "shared" } });
    await docker.call("Mount", { Name: "v", ID: newId() });
    const began = performance.now();
    t.is(await running.end("SIGTERM"), 0);
    t.log(`ended after ${Math.round(performance.now() - began)} ms`);
    await t.throwsAsync(access(plugin.socket));
    t.is((await namespace.mountsAt(join(plugin.mounts, "v"))).length, 2);
    const table = await readFile(join(plugin.directory, "state/mounts.json"), "utf8");
    t.like(JSON.parse(table), { rows: [{ volume: "v" }] });
  },
);

test.serial("mounts below a directory that is reached by a symlink are known again", async (t) => {
  const plugin = await EntryUnderTest.prepare(t);
  const { docker, namespace } = plugin;
  const link = join(plugin.directory, "link");
  await namespace.run(`mkdir ${plugin.mounts} && ln -s ${plugin.mounts} ${link}`);
  plugin.start({ SWARMNFS_MOUNTS: link });
  await plugin.listening();
  await docker.call("Create", { Name: "v", Opts: { app: "shared" } });
  const ID = newId();
  const { Err, Mountpoint } = await docker.call("Mount", { Name: "v", ID });
  t.is(Err, undefined);
  t.is(Mountpoint, join(plugin.mounts, "v"));
  await docker.call("Unmount", { Name: "v", ID });
  t.deepEqual(await docker.call("Remove", { Name: "v" }), {});
  t.deepEqual(await namespace.mountsAt(join(plugin.mounts, "v")), []);
});
