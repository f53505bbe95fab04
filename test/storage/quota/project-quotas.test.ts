import { mkdir, readlink, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { formatDevice } from "../../../storage/quota/device-node.ts";
import { ProjectQuotas } from "../../../storage/quota/project-quotas.ts";
import { temporaryDirectory } from "../places.ts";

const disk = { kind: "xfs", device: "/dev/vdc", number: "254:32" } as const;

/** Programs that only write down what they are asked, and look where it leads. */
class Programs {
  readonly asked: string[] = [];
  answer = "";
  place = "";

  readonly quotas = new ProjectQuotas(
    disk,
    async (program, args) => {
      this.asked.push([program, ...args].join(" ").replace(/\/proc\/\d+\/fd\/\d+/, "FD"));
      const last = args.at(-1) ?? "";
      if (last.startsWith("/proc/")) this.place = await readlink(last.replace(/\/\.$/, ""));
      return this.answer;
    },
    async (device, number) => void this.asked.push(`node ${device} ${number}`),
  );
}

test("a directory is marked by its descriptor, whatever happens to its name", async (t) => {
  const programs = new Programs();
  const path = await temporaryDirectory(t);
  await mkdir(join(path, "v"));
  await programs.quotas.assign(join(path, "v"), 4242);
  t.deepEqual(programs.asked, ["chattr -p 4242 +P FD/."]);
  t.is(programs.place, join(path, "v"));
  await rename(join(path, "v"), join(path, "w"));
  await t.throwsAsync(programs.quotas.assign(join(path, "v"), 4242), { code: "ENOENT" });
});

for (const [said, project] of [
  [" 4243 -------------------P-- /proc/1/fd/3/.", 4243],
  ["4294967294 -------------------P-- x", 4294967294],
  ["    0 ---------------------- x", null],
  [" 4243 ---------------------- x", null],
  ["", null],
] as const) {
  test(`lsattr that says "${said}" means project ${project}`, async (t) => {
    const programs = new Programs();
    programs.answer = said;
    t.is(await programs.quotas.projectOf(await temporaryDirectory(t)), project);
    t.deepEqual(programs.asked, ["lsattr -pd FD/."]);
  });
}

test("a limit is set on the device, in KiB rounded up, and taken away", async (t) => {
  const { asked, quotas } = new Programs();
  for (const bytes of [20 * 1024 ** 2, 1025, 1, null]) await quotas.limit(7, bytes);
  t.deepEqual(
    asked.filter((each) => !each.startsWith("node")),
    [20480, 2, 1, 0].map((units) => `setquota -P 7 0 ${units} 0 0 /dev/vdc`),
  );
  t.is(asked[0], "node /dev/vdc 254:32");
});

test("a directory without a limit shows the whole disk", async (t) => {
  const { quotas } = new Programs();
  const path = await temporaryDirectory(t);
  t.true(await quotas.isLimited(path, "/tmp", null));
  t.false(await quotas.isLimited(path, path, 1024 ** 2));
  t.true(await quotas.isLimited(path, path, Number.MAX_SAFE_INTEGER));
});

test("device numbers are taken apart as glibc does", async (t) => {
  t.is(formatDevice((254n << 8n) | 32n), "254:32");
  t.is(formatDevice((259n << 8n) | 0xffn | (0x123n << 20n)), "259:74751");
  const { rdev } = await stat("/dev/null", { bigint: true });
  t.is(formatDevice(rdev), "1:3");
});
