import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import process from "node:process";
import { promisify } from "node:util";
import test from "ava";
import { proofProject, proveQuotas } from "../../../storage/quota/quota-proof.ts";
import { temporaryDirectory } from "../places.ts";
import { FakeQuotas } from "./fake-quotas.ts";

const run = promisify(execFile);

test.serial("limits that let everything through are found out, by really writing", async (t) => {
  const quotas = new FakeQuotas();
  await t.throwsAsync(proveQuotas(quotas, await temporaryDirectory(t)), {
    code: "unsupported",
    message: /3 MiB went into a directory that was limited to 1 MiB/,
  });
  t.deepEqual([...quotas.limits], []);
});

test.serial("a directory in which no more can be written proves the limit", async (t) => {
  const path = await temporaryDirectory(t);
  await run("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", path]);
  t.teardown(() => run("umount", ["-l", path]));
  const quotas = new FakeQuotas();
  await proveQuotas(quotas, path);
  t.is(await quotas.projectOf(path), proofProject);
  t.deepEqual([...quotas.limits], []);
});

test.serial("it is somebody else than root who writes", async (t) => {
  const path = await temporaryDirectory(t);
  const quotas = new FakeQuotas("ext4");
  await proveQuotas(quotas, path, async () => true);
  const ours = process.getuid?.();
  t.is<number | undefined, number | undefined>((await stat(path)).uid, ours === 0 ? 65_534 : ours);
});

test.serial("the limit stands while it is written, and is gone after a failure", async (t) => {
  const quotas = new FakeQuotas();
  const failing = proveQuotas(quotas, await temporaryDirectory(t), async () => {
    t.is(quotas.limits.get(proofProject), 1024 ** 2);
    throw new Error("killed");
  });
  await t.throwsAsync(failing, { message: "killed" });
  t.deepEqual([...quotas.limits], []);
});
