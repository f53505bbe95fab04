import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Fault } from "./fault-kind.ts";
import { Lab } from "./lab.ts";
import type { Machine } from "./machine.ts";

/** The first numbers of addresses on the lab's Ethernet. */
const ethernet = "10.77.0.";

/** Where the NAS is after it has moved. */
const elsewhere = `${ethernet}110`;

/** NFS as the NAS serves it, on the one address that it has. */
const serve =
  "rpc.nfsd -N 3 -H $(ip -4 -oneline address show dev eth0 | sed 's,.*inet ,,; s,/.*,,') 8";

/** Nobody serves any more. Clients that hang are not waited for. */
const stopServing = "rpc.nfsd 0";

/** What can go wrong with a storage machine alone. */
export const nasFaults: Readonly<Record<string, Fault>> = {
  "nfs-off": {
    what: "its NFS server is stopped: connections are refused",
    only: "nas",
    endsWithPower: true,
    begin: (nas) => nas.must(stopServing),
    end: (nas) => nas.must(serve),
  },
  "address-changed": {
    what: `it is at ${elsewhere}, as everybody's resolver says from now on; nobody is where it was`,
    only: "nas",
    endsWithPower: false,
    begin: (nas) => move(nas, elsewhere),
    end: (nas) => move(nas, nas.plan.address),
  },
  "export-gone": {
    what: "it exports nothing any more",
    only: "nas",
    endsWithPower: false,
    begin: (nas) => nas.must(exportsAs("s/^#*/#/")),
    end: (nas) => nas.must(exportsAs("s/^#*//")),
  },
  "export-read-only": {
    what: "its export cannot be written to",
    only: "nas",
    endsWithPower: false,
    begin: (nas) => nas.must(exportsAs("s/(rw,/(ro,/")),
    end: (nas) => nas.must(exportsAs("s/(ro,/(rw,/")),
  },
  "root-squashed": {
    what: "root of the nodes is nobody on it, as NAS makers ship it",
    only: "nas",
    endsWithPower: false,
    begin: (nas) => nas.must(exportsAs("s/no_root_squash/root_squash/")),
    end: (nas) => nas.must(exportsAs("s/,root_squash/,no_root_squash/")),
  },
};

/** Changes the exports by a line of sed, and lets the kernel know. */
function exportsAs(change: string): string {
  return `sed -i '${change}' /etc/exports.d/volume1.exports && exportfs -ra && exportfs -f`;
}

/** Moves the NAS to another address, for good, and tells every resolver, also of machines that are off. */
async function move(nas: Machine, address: string): Promise<void> {
  await nas.must(
    `set -e
    ${stopServing}
    ip address flush dev eth0
    ip address add ${address}/24 dev eth0
    echo ${address} >/etc/lab-address
    ${serve}`,
  );
  const lab = await Lab.open(path.basename(path.dirname(nas.folder)));
  await Promise.all(lab.machines.map((machine) => tell(machine, address)));
}

async function tell(machine: Machine, address: string): Promise<void> {
  // What it is given at its next boot.
  const names = path.join(machine.folder, "names");
  const text = await readFile(names, "utf8");
  await writeFile(names, text.replace(/^\S+(?= nas\.lan )/m, address));
  if ((await machine.pid()) === null) return;
  await machine.must(
    `sed -i 's/^[^ ]* nas\\.lan /${address} nas.lan /' /etc/lab-names && kill -HUP $(cat /run/dnsmasq.pid)`,
    { timeout: 30_000 },
  );
}
