import { once } from "node:events";
import { createServer } from "node:net";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { parseClient, ProcNfsClients } from "../../../nfs-server/kernel/proc-nfs-clients.ts";
import { eventually } from "../../storage/eventually.ts";

const info = (address: string, name: string): string =>
  `clientid: 0xdc341a6f6b031175\naddress: "${address}"\nstatus: confirmed\nseconds from last renew: 3\nname: "${name}"\nminor version: 2\n`;

const node = "01953f5e-0000-7000-8000-000000000001";

async function folderWith(
  t: ExecutionContext,
  clients: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-clients-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const [id, text] of Object.entries(clients)) {
    await mkdir(join(folder, id));
    await writeFile(join(folder, id, "info"), text);
    await writeFile(join(folder, id, "ctl"), "");
  }
  return folder;
}

test("a client is known by its address and by the name that it gives itself", (t) => {
  t.deepEqual(parseClient("17", info("10.78.0.11:1022", "Linux NFSv4.2 id-of-node-1/nas")), {
    id: "17",
    address: "10.78.0.11",
    name: "id-of-node-1",
    status: "confirmed",
  });
  t.is(parseClient("1", info("10.78.0.11:1022", "Linux NFSv4.1 nas")).name, "nas");
  t.is(parseClient("1", info("10.78.0.11:1022", "pynfs\\x22 a")).name, 'pynfs" a');
  t.is(parseClient("1", info("[fd00:0::5]:1022", "x")).address, "fd00::5");
  t.deepEqual(parseClient("1", ""), { id: "1", address: "", name: "", status: "" });
});

test("a server that was never started has no clients", async (t) => {
  t.deepEqual(await new ProcNfsClients("/nowhere/at/all").list(), []);
});

test("expiring waits until the kernel has done it, for all clients at that address", async (t) => {
  const folder = await folderWith(t, {
    1: info("10.0.0.5:700", "Linux NFSv4.2 one/a"),
    2: info("10.0.0.5:701", "Linux NFSv4.2 two/a"),
    3: info("10.0.0.6:700", "Linux NFSv4.2 three/a"),
  });
  let isDone = false;
  const expiring = new ProcNfsClients(folder).expire(node, "10.0.0.5").then((count) => {
    isDone = true;
    return count;
  });
  for (const id of ["1", "2"]) {
    await eventually(
      "the kernel is told",
      async () => (await readFile(join(folder, id, "ctl"), "utf8")) === "expire\n",
    );
    t.false(isDone);
    await rm(join(folder, id), { recursive: true });
  }
  t.is(await expiring, 2);
  t.is(await readFile(join(folder, "3", "ctl"), "utf8"), "");
});

test("a node's client is expired wherever it is shown, and nobody else's with it", async (t) => {
  const folder = await folderWith(t, {
    1: info("10.0.0.4:700", `Linux NFSv4.2 ${node}/a`),
    2: info("10.0.0.4:701", `Linux NFSv4.2 ${node}-1kx3/a`),
    3: info("10.0.0.4:702", `Linux NFSv4.2 ${node}0/a`),
  });
  const expiring = new ProcNfsClients(folder).expire(node, null);
  for (const id of ["1", "2"]) {
    await eventually(
      "the kernel is told",
      async () => (await readFile(join(folder, id, "ctl"), "utf8")) === "expire\n",
    );
    await rm(join(folder, id), { recursive: true });
  }
  t.is(await expiring, 2);
  t.is(await readFile(join(folder, "3", "ctl"), "utf8"), "");
});

test("a client that goes while it is looked at is gone", async (t) => {
  const folder = await folderWith(t, { 1: info("10.0.0.5:700", "x") });
  // Opening a socket fails as reading of such a client does: ENXIO.
  await mkdir(join(folder, "2"));
  const socket = createServer().listen(join(folder, "2", "info"));
  t.teardown(() => socket.close());
  await once(socket, "listening");
  t.deepEqual(
    (await new ProcNfsClients(folder).list()).map(({ id }) => id),
    ["1"],
  );
});

test("a kernel that does not do it is not waited for for ever", async (t) => {
  const folder = await folderWith(t, { 1: info("10.0.0.5:700", "x") });
  await t.throwsAsync(new ProcNfsClients(folder, 100).expire(node, "10.0.0.5"), {
    message: /the state of the client at 10.0.0.5 is not gone after 0.1 s/,
  });
});
