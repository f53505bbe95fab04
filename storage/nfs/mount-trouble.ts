import { CommandFailed } from "../mounting/bounded-command.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { noNfs } from "./client-identity.ts";
import type { NfsPlace } from "./nfs-url.ts";
import { serverLabel } from "./server-label.ts";
import type { PortAnswer } from "./server-port.ts";

const nothingLost = "Nothing is lost; this works again when it does";

/** What a closed port of the server means, and what to do. */
export function portTrouble(
  place: NfsPlace,
  address: string,
  answer: Exclude<PortAnswer, "open">,
): StorageUnavailable {
  const server = serverLabel(place.host, address);
  const text = {
    refused: `${server} refuses connections on port ${place.port}: the machine is up, its NFS service is not. Start it there. ${nothingLost}`,
    "no-route": `there is no way from this node to ${server}: the network says that it cannot be reached. Check that the server is on, and this node's network. ${nothingLost}`,
    silent: `${server} does not answer on port ${place.port}: it is off or cut off, or a firewall drops what this node sends. ${nothingLost}`,
  };
  return new StorageUnavailable(text[answer]);
}

type Meaning = (place: NfsPlace, server: string) => string;

/** What mount.nfs4 (nfs-utils 2.6 to 2.8) and mount(8) say, and what it means; the first that fits. */
const meanings: readonly (readonly [RegExp, Meaning])[] = [
  [
    /access denied by server/i,
    ({ path }, server) =>
      `${server} does not let this node mount ${path}: its export does not allow this host, or the path is not exported to it. Allow the node's address in the export (Synology: Shared Folder > NFS Permissions), and check the path`,
  ],
  [
    /No such file or directory|does not exist on the server/i,
    ({ path }, server) =>
      `${server} has no ${path} for this node: no such directory is exported to it. Make it there, export it to this node's address, or mend the path in the storage's URL`,
  ],
  [
    /Not a directory/i,
    ({ path }, server) =>
      `${path} on ${server} is not a directory. Mend the path in the storage's URL`,
  ],
  [
    /Protocol not supported|requested NFS version|version or transport protocol is not supported|Protocol family not supported/i,
    ({ options }, server) => {
      const vers = options.find((option) => option.startsWith("vers="));
      return vers === undefined
        ? `${server} speaks no NFS version 4. Switch NFSv4 on there (Synology: Control Panel > File Services > NFS)`
        : `${server} does not speak the NFS version asked for (${vers}). Switch it on there, or write another one into the storage's URL, like ?vers=4.1; without it the best common one is taken`;
    },
  ],
  [
    /Operation not permitted/i,
    ({ path }, server) =>
      `${server} does not permit the mount of ${path} as it was asked: perhaps it exports nothing to this node (any more), or it wants Kerberos or TLS (swarmnfs speaks sec=sys), or a port below 1024 that an address translation takes away (on the server: insecure). Look at its exports and their options`,
  ],
  [
    /Permission denied/i,
    ({ path }, server) =>
      `${server} denies this node access to ${path}. Export it to this node's address, with sec=sys and no_root_squash (Synology: Squash = No mapping)`,
  ],
  [
    /Stale (NFS )?file handle/i,
    ({ path }, server) =>
      `${server} does not know ${path} any more as it was: the directory behind the export was exchanged. Export it anew there (exportfs -ra)`,
  ],
  [/unknown filesystem type|No such device/i, () => noNfs().message],
  [
    /helper program|mount\.nfs4?: (not found|No such file)/i,
    () =>
      `the program mount.nfs4 is missing on this node. Install it: the package nfs-common (Debian, Ubuntu) or nfs-utils`,
  ],
  [
    /resolve|Name or service not known/i,
    ({ host }) =>
      `the name ${host} cannot be resolved. Mend the DNS, or put the name into /etc/hosts of this node`,
  ],
  [
    /incorrect mount option|Invalid argument|bad option/i,
    ({ options }, server) =>
      `this node's kernel or ${server} does not take the mount options (${options.join(", ") || "none in the URL"}). Mend them in the storage's URL or in the volume's mount-options`,
  ],
  [
    /Connection timed out|timed out|Resource temporarily unavailable/i,
    (_, server) =>
      `${server} answers, but its NFS service does not go on: a mount got no answer in time. It may be starting; look there if it stays. ${nothingLost}`,
  ],
];

/** What a failed mount from `address` means to the person who asked; what is not a failed command passes as it is. */
export function mountTrouble(error: unknown, place: NfsPlace, address: string): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const server = serverLabel(place.host, address);
  if (error.missing)
    return new StorageUnavailable(
      `the program ${error.command} is missing on this node. Install the package mount (Debian, Ubuntu) or util-linux`,
      { cause: error },
    );
  const said = withoutNoise(error.reason);
  if (/No route to host|Network is unreachable|Host is down/i.test(said))
    return portTrouble(place, address, "no-route");
  if (/Connection refused/i.test(said)) return portTrouble(place, address, "refused");
  const text = error.timedOut ? "timed out" : said;
  const [, meaning] = meanings.find(([pattern]) => pattern.test(text)) ?? [];
  return new StorageUnavailable(
    meaning?.(place, server) ??
      `${place.path} of ${server} cannot be mounted: ${said}. Look at the export there and at this node's kernel log (dmesg)`,
    { cause: error },
  );
}

/** The first line that says something, without the program's name and what we know anyway. */
function withoutNoise(reason: string): string {
  const lines = reason.split("\n").map((line) => line.trim());
  const line = lines.find((each) => /^mount(\.nfs4?)?: /.test(each)) ?? lines[0] ?? "";
  return line.replace(/^mount(\.nfs4?)?: (\/\S*: )?/, "").replace(/ for \S+ on \S+$|\.$/g, "");
}
