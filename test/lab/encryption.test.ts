// A data disk under LUKS, as docs/encryption.md has it: what its bytes say, and a power cut. The lab's system needs
// cryptsetup-bin for it.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { eventually, say } from "./eventually.ts";
import { sizedDisk } from "./sized-disk.ts";

const on = labCluster();
const secret = "what nobody is to read";
/** Lines, each on the server's disk before it is said aloud. */
const writing = `n=0; while n=$((n+1)); do echo "$n ${secret}" | dd of=/d/lines oflag=append conv=notrunc,fsync 2>/dev/null || exit 1; echo $n; done`;

test("a data disk under LUKS says nothing; after a power cut nothing is served until it is opened, and nothing is lost", async (t) => {
  t.timeout(2_700_000);
  const { disk, storage, node, mount } = await sizedDisk(on, "luks");
  const { machine } = storage;
  const name = on.name("locked");
  await node.ask("createVolume", {}, { name, options: { size: "500M", hosts: node.name } });
  await mount([name]);
  const run = `run --detach --init --network none --name ${name} --volume /mnt/${name}:/d`;
  await on.docker(node.machine, `${run} busybox sh -c`, writing);
  const acknowledged = async (): Promise<number> =>
    Number((await on.docker(node.machine, `logs --tail 1 ${name}`)) || "0");
  await eventually(async () => (await acknowledged()) > 20, "twenty lines are written");

  const found = (place: string): Promise<string> =>
    machine.must(`sync; grep --binary-files=text -c '${secret}' ${place} || true`, {
      timeout: 600_000,
    });
  t.not(await found("/dev/mapper/sized"), "0");
  t.is(await found(disk.image), "0");

  const cut = await storage.now();
  await on.fault(machine, "power-off");
  const before = await acknowledged();
  say(`${before} lines were acknowledged`);
  await on.mend(machine);
  const since = await storage.now();
  t.is(await machine.must(`ls -A ${disk.place}`), "");
  await eventually(
    async () => /is missing\. Probably a disk is not mounted/.test(await storage.log(cut)),
    "the server says that its disk is not mounted",
  );
  t.is(await machine.must(`ls -A ${disk.place}`), "", "nothing is begun anew");

  await disk.open();
  await eventually(
    async () => (await acknowledged()) > before + 5,
    "the container goes on writing",
    900_000,
  );
  t.log(`it went on ${Number(await storage.now()) - Number(since)} s after the boot`);
  await on.docker(node.machine, `rm --force ${name}`);
  const lines = (await machine.must(`cat ${disk.place}/apps/${name}/${name}/lines`)).split("\n");
  t.true(lines.length >= before);
  t.true(lines.every((line, index) => line === `${index + 1} ${secret}`));
});
