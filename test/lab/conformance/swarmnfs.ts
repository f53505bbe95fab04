import { execFile } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { NfsRefusal } from "../../../nfs-server/self-test/raw-nfs/compound.ts";
import {
  getFileHandle,
  lookUp,
  putRootFileHandle,
} from "../../../nfs-server/self-test/raw-nfs/file-operations.ts";
import { Session } from "../../../nfs-server/self-test/raw-nfs/session.ts";
import { systemClock } from "../../../service/clock.ts";
import { ServerName } from "../../../storage/nfs/server-name.ts";
import { knock } from "../../../storage/nfs/server-port.ts";
import { volumeFolders } from "../../../storage/rules/volume-path.ts";
import type { Attachment, NodeIdentity } from "../../../storage/storage.ts";
import { ControlClient } from "../../../storage/swarmnfs/control-client.ts";
import { SocketEndpoint } from "../../../storage/swarmnfs/endpoint.ts";
import { certificateRequest } from "../../../storage/swarmnfs/certificate-request.ts";
import { enrol } from "../../../storage/swarmnfs/enrolment.ts";
import { LeaseMemory } from "../../../storage/swarmnfs/lease-memory.ts";
import { Membership } from "../../../storage/swarmnfs/membership.ts";
import { CredentialsFile } from "../../../storage/swarmnfs/node-credentials.ts";
import { SwarmnfsStorage } from "../../../storage/swarmnfs/swarmnfs-storage.ts";
import { controlPort } from "../../../storage/swarmnfs/swarmnfs-url.ts";
import { conformance, node1, node2 } from "../../storage/conformance.ts";
import { run } from "./ava-stand-in.ts";

/**
 * The conformance suite against our own server, as a program for the storage machine: `node swarmnfs.mjs ADDRESS DISK`.
 * Two nodes call from addresses of their own, to each of which a way of its own leads. What a node has attached the
 * kernel's NFS server must show to it, and nothing else.
 */
const [, , address = "", disk = ""] = process.argv;
const folder = "/run/swarmnfs-conformance";
const call = promisify(execFile);
/** Whether calls end in time is shown elsewhere. */
const slowness = 10;
const timeoutMs = 60_000;
const root = { uid: 0, gid: 0, groups: [] };

const nodes = [
  { ...node1, from: "10.77.0.91", by: "10.77.0.191" },
  { ...node2, from: "10.77.0.92", by: "10.77.0.192" },
] as const;
type Node = (typeof nodes)[number];

class ServedStorage extends SwarmnfsStorage {
  readonly #node: Node;

  constructor(node: Node, ...args: ConstructorParameters<typeof SwarmnfsStorage>) {
    super(...args);
    this.#node = node;
  }

  /** Names the directory on the disk that is behind it, which the suite looks into. */
  override async attach(...args: Parameters<SwarmnfsStorage["attach"]>): Promise<Attachment> {
    const attachment = await super.attach(...args);
    const [name] = args;
    if (attachment.source !== `${address}:/${name}`) throw new Error(attachment.source);
    if (!(await isShown(this.#node, name))) throw new Error(`NFS does not show "${name}"`);
    const record = await this.get(name);
    return { ...attachment, source: join(disk, ...volumeFolders(record!)) };
  }

  override async detach(...args: Parameters<SwarmnfsStorage["detach"]>): Promise<void> {
    await super.detach(...args);
    if (await isShown(this.#node, args[0])) throw new Error(`NFS still shows "${args[0]}"`);
  }
}

/** Whether a node finds the volume where the server lets it begin. */
async function isShown({ from }: Node, volume: string): Promise<boolean> {
  const way = { server: address, port: 2049, from, patience: timeoutMs };
  const session = await Session.open(way, "conformance");
  try {
    await session.ask(root, [putRootFileHandle, lookUp(volume)], getFileHandle);
    return true;
  } catch (error) {
    if (error instanceof NfsRefusal && error.status === "NFS4ERR_NOENT") return false;
    throw error;
  } finally {
    await session.close();
  }
}

/** As an administrator in the server's container. */
async function administrator(): Promise<ControlClient> {
  const { stdout } = await call("docker", [
    "inspect",
    "--format",
    "{{.State.Pid}}",
    "swarmnfs-nfs-server-1",
  ]);
  return new ControlClient(
    new SocketEndpoint(`/proc/${stdout.trim()}/root/run/swarmnfs/server.sock`),
  );
}

async function joined(admin: ControlClient, node: Node): Promise<() => ServedStorage> {
  const asked = { node: node.name, cidr: null, validMs: 3_600_000, replace: true };
  const { token } = await admin.call("token", {}, asked, { timeoutMs });
  const name = new ServerName(node.name, async () => [node.by], systemClock);
  const identity: NodeIdentity = { id: node.id, name: node.name };
  const file = new CredentialsFile(join(folder, `${node.name}.json`));
  await file.write(
    await enrol(identity, token, name, controlPort, () => certificateRequest(identity)),
  );
  const place = { url: "swarmnfs://storage.lan", host: "storage.lan", port: controlPort };
  return () =>
    new ServedStorage(node, place, {
      member: new Membership({
        place,
        node: identity,
        file,
        token: async () => null,
        name,
        clock: systemClock,
      }),
      name,
      knock,
      // The kernel of this machine is no client.
      identify: async () => ({ name: node.id, isOurs: true }),
      tls: { ready: async () => undefined },
      transports: { withTransports: (work) => work([]) },
      clock: systemClock,
      memory: new LeaseMemory(join(folder, `${node.name}.leases.json`)),
    });
}

/** As if nobody had ever had a volume there. */
async function emptied(admin: ControlClient): Promise<void> {
  const options = { timeoutMs };
  const { leases } = await admin.call("leases", {}, undefined, options);
  for (const { id } of leases) await admin.call("revokeLease", { id }, undefined, options);
  for (const { id, state } of (await admin.call("nodes", {}, undefined, options)).nodes)
    if (state === "fenced") await admin.call("unfenceNode", { id }, {}, options);
  const { catalog } = await admin.call("catalog", {}, { seen: null }, options);
  for (const { name, onRemove } of catalog?.volumes ?? []) {
    if (onRemove === "retain")
      await admin.call("changeVolume", { name }, { onRemove: "delete" }, options);
    await admin.call("removeVolume", { name }, undefined, options);
  }
  const { entries } = await admin.call("trash", {}, undefined, options);
  await admin.call("purge", {}, { entries: entries.map(({ id }) => id) }, options);
  // There is no way to forget an app's rules, nor what was used when.
  const own = join(disk, ".swarmnfs");
  for (const app of await readdir(join(own, "apps"))) await rm(join(own, "apps", app));
  for (const file of ["usage.json", "last-use.json"]) await rm(join(own, file), { force: true });
}

/** A way to the server for each node, so that it is seen at its own address. */
async function ways(how: "-A" | "-D"): Promise<void> {
  const table = ["--wait", "-t", "nat", how];
  for (const { from, by } of nodes) {
    const link = [how === "-A" ? "add" : "delete", `${from}/24`, "dev", "eth0"];
    await call("ip", ["address", ...link]);
    await call("iptables", [...table, "OUTPUT", "-d", by, "-j", "DNAT", "--to", address]);
    const gone = ["-m", "conntrack", "--ctorigdst", by];
    await call("iptables", [...table, "POSTROUTING", ...gone, "-j", "SNAT", "--to", from]);
  }
}

await mkdir(folder, { recursive: true });
await ways("-A");
try {
  const admin = await administrator();
  const join1 = await joined(admin, nodes[0]);
  const join2 = await joined(admin, nodes[1]);
  conformance("swarmnfs://", async (t) => {
    await emptied(admin);
    let count = 0;
    return {
      isServer: true,
      connect: () => {
        const storage = (count % 2 === 0 ? join1 : join2)();
        count += 1;
        t.teardown(() => storage.close());
        return storage;
      },
    };
  });
  await run(slowness);
} finally {
  await ways("-D");
}
process.exit();
