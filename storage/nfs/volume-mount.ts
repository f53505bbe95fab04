import { posix, relative } from "node:path";
import type { Attachment } from "../storage.ts";
import { nfsSource } from "./server-label.ts";
import { usualPort, type NfsPlace } from "./nfs-url.ts";

/**
 * Every volume: `hard`, since what an app has written must not be lost because a server was away; one attempt, since
 * the caller has its own bound; a super block of its own, so that its figures are its own.
 */
export const forVolumes = ["hard", "nosharecache", "retry=0"];
/**
 * The private mount sees at once what other nodes did, and runs nothing. It is `soft`, after longer than any quick call
 * may take: when its last user is killed the kernel gives back what the server lent it (delegations), and where the
 * server is gone a hard mount would wait for that without end, in a process that cannot be killed any more. Docker would
 * then never start a killed plugin again. What is done to records is repeated when it failed.
 */
const forRecords =
  "soft,timeo=100,retrans=1,nosharecache,retry=0,lookupcache=none,actimeo=0,noexec".split(",");

/** Words that exclude each other, by the one name that stands for them. */
const kinds: ReadonlyMap<string, string> = new Map([
  ["soft", "hard"],
  ["noatime", "relatime"],
]);

/**
 * What to mount for a volume of which the private mount at `root` has shown `attachment`: its own directory on the
 * server, by address, so that mounting asks no DNS. What the volume says wins over the storage, and that over us.
 */
export function volumeMount(
  place: NfsPlace,
  address: string,
  root: string,
  attachment: Attachment,
): Attachment {
  const below = relative(root, attachment.source);
  return {
    type: "nfs4",
    source: nfsSource(address, posix.join(place.path, below)),
    options: merged(forVolumes, portOf(place), place.options, attachment.options),
  };
}

/** The options of the private mount, in which ours win over the URL's. */
export function recordsMount(place: NfsPlace, address: string): Attachment {
  return {
    type: "nfs4",
    source: nfsSource(address, place.path),
    options: merged(place.options, portOf(place), forRecords),
  };
}

function portOf({ port }: NfsPlace): string[] {
  return port === usualPort ? [] : [`port=${port}`];
}

/** Of options of one kind the last one stands. */
export function merged(...lists: readonly (readonly string[])[]): string[] {
  const byKind = new Map<string, string>();
  for (const option of lists.flat()) {
    const [word = ""] = option.split("=");
    const kind = kinds.get(word) ?? word;
    byKind.delete(kind);
    byKind.set(kind, option);
  }
  return [...byKind.values()];
}
