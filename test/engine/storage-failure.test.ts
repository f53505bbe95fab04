// The storage is full, read-only, hangs, is gone, or is another one: its volumes wait, nothing else does.
import test from "ava";
import { enablePlugin } from "../../engine-box/plugin.ts";
import { countsOn, startCounter, startOf } from "./counter.ts";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";
import { disk, FrozenStorage, settings } from "./frozen-storage.ts";
import { refusal } from "./words.ts";

const on = fileEngine("storage-failure", { enabled: false });
let storage: FrozenStorage;

test.serial.before(async () => {
  storage = new FrozenStorage(on.engine);
  await storage.make("24m");
  await enablePlugin(on.engine.cli, settings);
  await on.docker("volume create -d swarmnfs -o app=blog blog_data");
});

/** Waits until Status says so; looking is what makes the plugin look. */
const health = async (word: string): Promise<Readonly<Record<string, unknown>>> =>
  until(`the storage is ${word}`, async () => {
    await on.docker("volume ls");
    const status = await on.status("blog_data");
    return status["health"] === word && status;
  });

/** What `action` comes to, and how many seconds it takes. */
async function timed<T>(action: Promise<T>): Promise<{ outcome: T; seconds: number }> {
  const began = performance.now();
  const outcome = await action;
  return { outcome, seconds: (performance.now() - began) / 1000 };
}

test.serial(
  "a full storage says so, and its containers can still be started to tidy up",
  async (t) => {
    t.regex(
      (await on.inContainer("blog-fill", "blog_data", "dd if=/dev/zero of=ballast bs=64k")).stderr,
      /No space left on device/,
    );
    const { reason, since } = await health("full");
    t.regex(String(reason), /^the storage is full: \S+ of 24M free$/);
    t.regex(String(since), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
    t.regex(
      refusal(await on.attempt("volume create -d swarmnfs -o app=blog blog_more")),
      /^dir:\/\/\/srv\/swarm is full\. Make space there: /,
    );
    t.is(
      (await on.inContainer("blog-tidy", "blog_data", "rm ballast && echo done")).stdout,
      "done",
    );
    await health("ok");
    await on.docker("volume create -d swarmnfs -o app=blog blog_more");
  },
);

test.serial("a read-only storage says so, and what is on it can be read", async (t) => {
  await on.inContainer("blog-write", "blog_data", "echo kept >text");
  await on.engine.run("mount", ["-o", "remount,ro", disk]);
  await health("read-only");
  t.is((await on.inContainer("blog-read", "blog_data", "cat text")).stdout, "kept");
  t.regex(
    (await on.inContainer("blog-write", "blog_data", "echo lost >text")).stderr,
    /Read-only file system/,
  );
  t.regex(
    refusal(await on.attempt("volume create -d swarmnfs other")),
    /is read-only, and this needs to write/,
  );
  t.regex(
    refusal(await on.attempt("volume rm blog_more")),
    /is read-only, and this needs to write/,
  );
  await on.engine.run("mount", ["-o", "remount,rw", disk]);
  await health("ok");
  await on.docker("volume rm blog_more");
});

test.serial(
  "a storage that hangs costs one wait, and then every start fails within two seconds",
  async (t) => {
    await startCounter(on, "blog-1", "blog_data");
    await storage.freeze();

    const first = await timed(on.inContainer("blog-2", "blog_data", "ls"));
    t.regex(refusal(first.outcome), /"blog_data" cannot be mounted on node1: .* has not answered/);
    t.true(first.seconds < 22, `${first.seconds} s`);
    const second = await timed(on.inContainer("blog-2", "blog_data", "ls"));
    t.regex(
      refusal(second.outcome),
      /^"blog_data" cannot be mounted on node1: dir:\/\/\/srv\/swarm has not answered for \d+ s, since \d\d:\d\d:\d\dZ\. Nothing is lost; this works again when it does$/,
    );
    t.true(second.seconds < 2, `${second.seconds} s`);
  },
);

test.serial(
  "while the storage hangs, what Docker is asked about volumes is answered at once",
  async (t) => {
    const asked = await timed(on.docker("volume ls --format", "{{.Name}}"));
    t.is(asked.outcome, "blog_data");
    t.true(asked.seconds < 1, `volume ls: ${asked.seconds} s`);
    const { outcome: status, seconds } = await timed(on.status("blog_data"));
    t.is(status["health"], "unreachable");
    t.regex(
      String(status["reason"]),
      /^dir:\/\/\/srv\/swarm has not answered for \d+ s, since \d\d:\d\d:\d\dZ/,
    );
    t.true(Date.now() - Date.parse(String(status["since"])) < 120_000);
    t.true(seconds < 1, `volume inspect: ${seconds} s`);
  },
);

test.serial(
  "while the storage hangs, volumes of other drivers and their containers know nothing of it",
  async (t) => {
    const actions = {
      "volume create": () => on.docker("volume create plain"),
      "volume inspect": () => on.docker("volume inspect plain"),
      "run with it": () => on.inContainer("plain-1", "plain", "echo here"),
      "run with a new one": () => on.inContainer("plain-2", "new", "echo here"),
      "run with an anonymous one": () => on.attempt("run --rm --volume /d busybox true"),
      "volume rm": () => on.docker("volume rm plain new"),
      ps: () => on.docker("ps"),
    };
    for (const [title, action] of Object.entries(actions)) {
      const { seconds } = await timed<unknown>(action());
      t.true(seconds < 2.5, `${title}: ${seconds} s`);
    }
  },
);

test.serial("while the storage hangs, a creation fails at once and says why", async (t) => {
  const { outcome, seconds } = await timed(
    on.attempt("volume create -d swarmnfs -o app=blog blog_new"),
  );
  t.regex(refusal(outcome), /^dir:\/\/\/srv\/swarm has not answered for \d+ s, since/);
  t.true(seconds < 2, `${seconds} s`);
});

test.serial("when the storage answers again everything goes on by itself", async (t) => {
  const started = await startOf(on, "blog-1");
  await storage.thaw();
  await countsOn(on, "blog-1");
  await health("ok");
  t.is(await startOf(on, "blog-1"), started);
  t.is((await on.inContainer("blog-2", "blog_data", "cat text")).stdout, "kept");
  await on.docker("rm --force blog-1");
});

test.serial(
  "a container with a restart policy that failed for the storage is started when it is back",
  async (t) => {
    await startCounter(on, "blog-3", "blog_data", "--restart unless-stopped");
    await storage.freeze();
    t.not((await on.attempt("restart --time 1 blog-3")).exitCode, 0);
    await storage.thaw();
    await until("blog-3 runs again", async () => (await startOf(on, "blog-3")).startsWith("true"));
    await countsOn(on, "blog-3");
    t.regex(await on.engine.log(), /audit.*start.*blog-3.*its storage is back/);
    await on.docker("rm --force blog-3");
  },
);

test.serial(
  "a storage that comes back empty is refused, whatever is asked, and stays empty",
  async (t) => {
    await on.engine.run("sh", [
      "-c",
      `mkdir ${disk}/.aside && mv ${disk}/apps ${disk}/shared ${disk}/.swarmnfs ${disk}/.aside`,
    ]);
    const { reason } = await health("unreachable");
    t.regex(
      String(reason),
      /is not the storage it was: its marker \.swarmnfs\/storage\.json is missing/,
    );
    t.regex(refusal(await on.inContainer("blog-4", "blog_data", "ls")), /its marker .* is missing/);
    t.regex(
      refusal(await on.attempt("volume create -d swarmnfs other")),
      /its marker .* is missing/,
    );
    t.regex(refusal(await on.attempt("volume rm blog_data")), /its marker .* is missing/);
    t.is(await on.docker("volume ls --quiet"), "blog_data");
    t.is((await on.engine.run("ls", ["-A", disk])).stdout, ".aside");

    await on.engine.run("sh", [
      "-c",
      `mv ${disk}/.aside/* ${disk}/.aside/.swarmnfs ${disk} && rmdir ${disk}/.aside`,
    ]);
    await health("ok");
    t.is((await on.inContainer("blog-4", "blog_data", "cat text")).stdout, "kept");
  },
);

test.serial("another storage in the place of the one that was is refused", async (t) => {
  const marker = `${disk}/.swarmnfs/storage.json`;
  await on.engine.run("sh", [
    "-c",
    `cp ${marker} /run/marker && sed -i 's/"id": "......../"id": "00000000/' ${marker}`,
  ]);
  const { reason } = await health("unreachable");
  t.regex(String(reason), /is another storage than before/);
  t.regex(
    refusal(await on.inContainer("blog-5", "blog_data", "ls")),
    /is another storage than before/,
  );
  await on.engine.run("cp", ["/run/marker", marker]);
  await health("ok");
  t.is((await on.inContainer("blog-5", "blog_data", "cat text")).stdout, "kept");
});

test.serial(
  "a storage whose file system died is refused until it is mounted and the plugin shown it",
  async (t) => {
    await storage.die();
    const { reason } = await health("unreachable");
    t.regex(String(reason), /does not work: the file system answers ENOTCONN/);
    t.regex(refusal(await on.inContainer("blog-6", "blog_data", "ls")), /ENOTCONN/);

    await storage.showAgain();
    await on.docker("plugin disable --force swarmnfs");
    await on.docker("plugin enable swarmnfs");
    await health("ok");
    t.is((await on.inContainer("blog-6", "blog_data", "cat text")).stdout, "kept");
  },
);

test.serial("after all that nothing stays mounted", async (t) => {
  await on.allUnmounted();
  t.is(await on.docker("volume rm blog_data"), "blog_data");
});
