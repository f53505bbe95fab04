import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";
import type { StorageNode } from "./storage-node.ts";

/** What the names of a holder's files in an exclusive volume end with: the host name of its task, which is its node's. */
type Host = Machine["name"];

/**
 * What whoever has an exclusive volume alone runs in it. It takes a lock and keeps it, counts in lines of `lines-HOST` with
 * fsync, saying `lines N` only when line N is on the server's disk, and counts in `unsynced-HOST` without, saying
 * `unsynced N` when the line is in the node's memory. If another has the lock there is a file `blocked-HOST`.
 * (A shell would send with every command: what a process inherits is written when it ends.)
 */
export const soleHolder = `
h=$(hostname)
exec 9>/d/lock
flock -n 9 || : >/d/blocked-$h
perl -e '
  open my $file, ">", "/d/unsynced-$ARGV[0]" or die;
  for (my $m = 1; syswrite $file, "$m\\n"; $m++) { syswrite STDOUT, "unsynced $m\\n"; select undef, undef, undef, 0.2 }
' $h &
n=0
while n=$((n+1)); do
  echo $n | dd of=/d/lines-$h oflag=append conv=notrunc,fsync 2>/dev/null || exit 1
  echo lines $n
  usleep 100000
done`;

/** The number that a container of {@link soleHolder} has said last of each. */
export async function saidBy(
  on: Cluster,
  node: Machine,
  container: string,
): Promise<{ readonly lines: number; readonly unsynced: number }> {
  const text = await on.docker(node, `logs ${container}`);
  const last = (word: string): number =>
    Number(text.match(new RegExp(`.*^${word} (\\d+)$`, "ms"))?.[1] ?? 0);
  return { lines: last("lines"), unsynced: last("unsynced") };
}

/** What there is of a holder on the server's disk. */
export interface Traces {
  readonly lines: string;
  readonly unsynced: number;
  readonly isBlocked: boolean;
  /** When anything of it was changed last, by the server's clock: no client can say otherwise. RFC 3339. */
  readonly changedAt: string;
}

export async function tracesOf(
  storage: StorageNode,
  directory: string,
  host: Host,
): Promise<Traces> {
  const text = await storage.machine.must(
    `cd ${directory}
    date -u -d "@$(stat -c %.3Z -- *-${host} | sort -n | tail -n 1)" +%Y-%m-%dT%H:%M:%S.%3NZ
    cat unsynced-${host} 2>/dev/null | wc -l
    ls | grep -cx blocked-${host}
    cat lines-${host}`,
    { timeout: 60_000 },
  );
  const [changedAt = "", unsynced, blocked, ...lines] = text.split("\n");
  return {
    changedAt,
    unsynced: Number(unsynced),
    isBlocked: blocked !== "0",
    lines: lines.join("\n"),
  };
}
