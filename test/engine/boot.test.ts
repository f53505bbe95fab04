// The power goes, and comes back: processes, mounts and /run are gone, disks are not.
import test from "ava";
import { countsOn, startCounter, startOf } from "./counter.ts";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";

const on = fileEngine("boot");

test.serial(
  "after a power cut containers with a restart policy are back, with their data",
  async (t) => {
    await on.docker("volume create -d swarmnfs -o app=blog blog_data");
    await startCounter(on, "blog-1", "blog_data", "--restart unless-stopped");
    await startCounter(on, "blog-2", "blog_data");
    await countsOn(on, "blog-1");

    await on.engine.reboot();

    await countsOn(on, "blog-1");
    t.regex(await startOf(on, "blog-2"), /^false/);
    t.is((await on.inContainer("blog-3", "blog_data", "ls")).stdout, "blog-1\nblog-2");
    await on.docker("rm --force blog-2");
  },
);

test.serial(
  "a container refused before the boot is refused after it, though memory let it in",
  async (t) => {
    await on.swarmnfs("apps set blog services=blog,shop-1");
    await startCounter(on, "shop-1", "blog_data", "--restart always");
    await on.swarmnfs("apps set blog services=blog");
    t.regex((await on.attempt("restart shop-1")).stderr, /"blog_data" belongs to app "blog"/);
    t.regex(await startOf(on, "shop-1"), /^false/);

    await on.engine.reboot();

    // Docker starts it: while Docker is silent only the volume can be known, not the container.
    const line = await until("the stop is in the log", async () => {
      const lines = (await on.engine.log()).split("\n");
      return lines.find((one) => /audit.*stop.*shop-1/.test(one));
    });
    t.regex(line, /belongs to app/);
    await until("shop-1 is stopped", async () => (await startOf(on, "shop-1")).startsWith("false"));
    await countsOn(on, "blog-1");
    t.regex((await on.attempt("start shop-1")).stderr, /"blog_data" belongs to app "blog"/);
    await on.docker("rm shop-1");
  },
);

test.serial("a boot with many volumes waits for none of them", async (t) => {
  const boot = async (): Promise<number> => {
    const began = performance.now();
    await on.engine.reboot();
    return (performance.now() - began) / 1000;
  };
  const few = await boot();
  const names = Array.from({ length: 60 }, (_, number) => `many-${number}`);
  for (const name of names) await on.docker(`volume create -d swarmnfs -o app=many ${name}`);
  const many = await boot();
  t.log(
    `dockerd answers after ${few.toFixed(1)} s with 1 volume, ${many.toFixed(1)} s with ${names.length + 1}`,
  );
  t.true(many < few + 5, `${many} s against ${few} s`);
  await countsOn(on, "blog-1");
  t.is(
    (await on.docker("volume ls --quiet --filter driver=swarmnfs:latest")).split("\n").length,
    names.length + 1,
  );
});
