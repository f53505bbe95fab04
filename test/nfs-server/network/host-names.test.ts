import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { nameAddress } from "../../../nfs-server/network/host-names.ts";

async function hostsOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-hosts-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "hosts");
}

test("every address has a name that needs no DNS, once, and what is there stays", async (t) => {
  const hosts = await hostsOf(t);
  await writeFile(hosts, "127.0.0.1\tlocalhost\n10.0.0.9 nas");
  const log = { warn: () => t.fail() };
  for (const address of ["10.0.0.11", "10.0.0.9", "10.0.0.11", "fd00::5", "no address"])
    nameAddress(address, log, hosts);
  t.is(
    await readFile(hosts, "utf8"),
    "127.0.0.1\tlocalhost\n10.0.0.9 nas\n10.0.0.11 10-0-0-11.swarmnfs.invalid\nfd00::5 fd00-5.swarmnfs.invalid\n",
  );
});

test("nobody is kept out because no name can be given", async (t) => {
  const told: unknown[] = [];
  nameAddress("10.0.0.11", { warn: (line: unknown) => told.push(line) }, await hostsOf(t));
  t.like(told[0], { address: "10.0.0.11" });
});
