import type { StorageServer } from "../storage/storage.ts";
import type { MountRow } from "./mount-table.ts";

/**
 * What to do about the volume's containers on this node that were given it from an address where its server is not any
 * more, in words for people; null where there are none. A mount never follows its server: the kernel keeps the address.
 */
export function leftServer(row: MountRow | null, server: StorageServer | undefined): string | null {
  if (row === null || server === undefined || server.address === null) return null;
  const former = row.holders
    .flatMap(({ source }) => (source === undefined ? [] : addressOf(source)))
    .find((address) => address !== server.address);
  if (former === undefined) return null;
  const who = row.consumers.length === 0 ? "its containers here" : row.consumers.join(", ");
  return `${server.host} was at ${former} and is at ${server.address} now. Containers that were started before wait for the old address. Restart them: ${who}`;
}

/** Of `10.0.0.5:/volume1/swarm` or `[fd00::5]:/volume1/swarm`. */
function addressOf(source: string): string[] {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^/:]+)):\//.exec(source) ?? [];
  return [bracketed ?? plain ?? []].flat();
}
