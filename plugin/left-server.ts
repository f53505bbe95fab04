import type { StorageServer } from "../storage/storage-server.ts";
import { addressOf } from "./guard/source-address.ts";
import type { MountRow } from "./mount-table.ts";

/**
 * What to do about the volume's containers on this node that were given it from an address where its server is not any
 * more, in words for people; null where there are none. Most mounts followed their server.
 */
export function leftServer(row: MountRow | null, server: StorageServer | undefined): string | null {
  if (row === null || server === undefined || server.address === null) return null;
  const left = row.holders.filter(({ source = "" }) => {
    const address = addressOf(source);
    if (address === null || address === server.address) return false;
    return server.left?.includes(address) ?? true;
  });
  const former = addressOf(left[0]?.source ?? "");
  if (former === null) return null;
  const names = [...new Set(left.flatMap(({ consumers = [] }) => consumers))];
  const who = names.length === 0 ? "its containers here" : names.join(", ");
  return `${server.host} was at ${former} and is at ${server.address} now. Containers that were started before wait for the old address. Restart them: ${who}`;
}
