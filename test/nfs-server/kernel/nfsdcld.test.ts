import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import { Nfsdcld } from "../../../nfs-server/kernel/nfsdcld.ts";
import { eventually } from "../../storage/eventually.ts";

async function place(
  t: ExecutionContext,
  script: string,
): Promise<{ folder: string; make: () => Nfsdcld }> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-nfsdcld-"));
  const program = join(folder, "nfsdcld");
  await writeFile(program, `#!/bin/sh\necho "$@" >>${folder}/log\n${script}\n`, { mode: 0o755 });
  const made: Nfsdcld[] = [];
  const make = (): Nfsdcld => {
    const places = {
      storage: join(folder, "storage"),
      pipefs: join(folder, "pipefs"),
      pidFile: join(folder, "run/nfsdcld.pid"),
      program,
      isReady: async () => (await readFile(join(folder, "log"), "utf8").catch(() => "")) !== "",
    };
    const daemon = new Nfsdcld(places, pino({ level: "silent" }));
    made.push(daemon);
    return daemon;
  };
  t.teardown(async () => {
    for (const each of made) await each.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return { folder, make };
}

test("it runs on the data disk's folder, and is started again when it ends", async (t) => {
  const { folder, make } = await place(t, "exec sleep 1000");
  // `exec` would give it another name.
  await writeFile(
    join(folder, "nfsdcld"),
    `#!/bin/sh\necho "$@" >>${folder}/log\nwhile :; do sleep 0.1; done\n`,
  );
  const daemon = make();
  await daemon.start();
  t.regex(await readFile(join(folder, "log"), "utf8"), /--foreground --storagedir .*\/storage /);
  const first = await daemon.pid();
  t.not(first, null);
  process.kill(first ?? 0, "SIGKILL");
  await eventually("another one runs", async () => {
    const now = await daemon.pid();
    return now !== null && now !== first;
  });
});

test("the next agent takes over the one that runs", async (t) => {
  const { folder, make } = await place(t, "while :; do sleep 0.1; done");
  const before = make();
  await before.start();
  const pid = await before.pid();
  before.leave();
  const next = make();
  await next.start();
  t.is(await next.pid(), pid);
  t.is((await readFile(join(folder, "log"), "utf8")).split("\n").length, 2);
  await next.stop();
  t.is(await next.pid(), null);
});

test("one that ends at once is said, with where it writes to", async (t) => {
  const { folder, make } = await place(t, "exit 1");
  await writeFile(join(folder, "nfsdcld"), "#!/bin/sh\nexit 1\n");
  await t.throwsAsync(make().start(), { name: "UserError", message: /has ended at once.*storage/ });
});
