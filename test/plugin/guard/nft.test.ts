import { join } from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";
import { Nft } from "../../../plugin/guard/nft.ts";
import { NetworkBox, storageAddresses } from "./network-box.ts";

async function boxOf(t: ExecutionContext): Promise<NetworkBox> {
  const box = await NetworkBox.open();
  t.teardown(() => box.close());
  return box;
}

async function nft(box: NetworkBox, ...words: readonly string[]): Promise<unknown> {
  const program = join(import.meta.dirname, "nft-process.ts");
  return JSON.parse(await box.node(process.execPath, program, ...words));
}

test("a container cannot speak NFS to the storage by any address, and the node can", async (t) => {
  const box = await boxOf(t);
  await box.serve();
  for (const address of storageAddresses) {
    t.is(await box.ask("container", "tcp", address, "2049"), "open", "without the guard");
    t.is(await box.ask("container", "udp", address, "2049"), "open", "without the guard");
  }
  await nft(box, "install", ...storageAddresses);
  for (const address of storageAddresses) {
    t.is(await box.ask("container", "tcp", address, "2049"), "refused");
    t.is(await box.ask("container", "udp", address, "2049"), "ECONNREFUSED");
    t.is(await box.ask("container", "tcp", address, "2050"), "open", "another port");
    t.is(await box.ask("node", "tcp", address, "2049"), "open");
    t.is(await box.ask("node", "udp", address, "2049"), "open");
  }
  await nft(box, "remove");
  t.is(await box.ask("container", "tcp", storageAddresses[0], "2049"), "open");
});

test("rules of others that let everything through do not let this through", async (t) => {
  const box = await boxOf(t);
  await box.serve();
  await nft(box, "install", ...storageAddresses);
  for (const priority of [-300, 0, 300]) {
    const chain = `{ type filter hook forward priority ${priority}; policy accept; accept; }`;
    const table = `table inet other${priority + 300} { chain through ${chain}\n}`;
    await box.node("/usr/sbin/nft", table);
  }
  t.is(await box.ask("container", "tcp", storageAddresses[0], "2049"), "refused");
});

test("a table that was flushed, emptied or added to is told from the one that was made", async (t) => {
  const box = await boxOf(t);
  t.is(await nft(box, "look"), null);
  const made = await nft(box, "install", ...storageAddresses);
  t.is(await nft(box, "look"), made);
  await box.node("/usr/sbin/nft", "insert rule inet swarmnfs containers accept");
  t.not(await nft(box, "look"), made);
  t.is(await nft(box, "install", ...storageAddresses), made);
  await box.node("/usr/sbin/nft", "flush chain inet swarmnfs containers");
  t.not(await nft(box, "look"), made);
  await box.node("/usr/sbin/nft", "flush ruleset");
  t.is(await nft(box, "look"), null);
  await nft(box, "remove");
  t.is(await nft(box, "install", ...storageAddresses), made);
  t.not(await nft(box, "install", storageAddresses[0]), made);
});

test("where there is no nft, that is what is said", async (t) => {
  const error = await t.throwsAsync(new Nft("/usr/sbin/no-such-nft").look(), {
    instanceOf: CommandFailed,
  });
  t.true(error.missing);
});
