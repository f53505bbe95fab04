import { formatDuration } from "../service/age.ts";
import type { Problem } from "../service/notifier/incident.ts";
import type { Finding } from "../storage/verbs.ts";
import type { Trouble } from "../storage/storage.ts";
import type { FailingMount } from "./mount-attempts.ts";

/** What this node knows without asking anybody. */
export interface NodeSight {
  readonly node: string;
  /** The storage, as the administrator wrote it. */
  readonly url: string;
  readonly trouble: Trouble | null;
  /** Why the guard does not stand; null: it does, or need not. */
  readonly guard: string | null;
  /** By volume. */
  readonly failing: ReadonlyMap<string, Pick<FailingMount, "times" | "since" | "last" | "reason">>;
  /** The storage node has shut this one out. */
  readonly fenced: boolean;
  /** When this node's certificate ends, milliseconds since 1970; null: it has none. */
  readonly certifiedUntil: number | null;
  /** What doctor says of the nodes' names. */
  readonly names: readonly Finding[];
  /** The state directory came from another machine, as was seen at the start. */
  readonly isCopy: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;
/** Restarts of a storage are not worth a message, nor is what the guard's own rounds put right within a minute. */
const storageMs = 5 * minute;
const guardMs = 3 * minute;
/** The sign of use of a node that was set up anew lapses after 90 s. */
const namesMs = 3 * minute;
/** Renewed at half of its life, and tried again every hour: so close to its end something is wrong. */
const certificateMs = 14 * day;
/** Not the first failure: whoever wants the volume tries again, and swarm does so every few seconds. */
const leastTimes = 3;
const leastMs = minute;
/** One message a volume; more of them have one reason. */
const mostVolumes = 3;

/** Pure: what people should be told of by this node. */
export function problemsOf(sight: NodeSight): Problem[] {
  const { node, url, trouble, guard, fenced, names, isCopy } = sight;
  const problems: (Problem | null)[] = [
    trouble && {
      key: "storage",
      title: `Node "${node}" cannot use ${url}`,
      text: `${trouble.reason}. Containers that use it wait or get errors, and none can be started with it`,
      severity: 2,
      afterMs: storageMs,
    },
    fenced
      ? {
          key: "fenced",
          title: `Node "${node}" is fenced`,
          text: "It was silent while another node needed what it had, and the storage node shut it out. It is taken back when it has unmounted everything; containers that wrote to exclusive volumes were stopped. Look at its network, and start what is missing",
          severity: 2,
        }
      : null,
    guard === null
      ? null
      : {
          key: "guard",
          title: `The guard of node "${node}" does not stand`,
          text: `${guard}. On that node: swarmnfs doctor --fix`,
          afterMs: guardMs,
        },
    certificate(sight),
    isCopy
      ? {
          key: "copy",
          title: `Node "${node}" is a copy of another machine`,
          text: "Its /var/lib/swarmnfs came from another machine, so it has given itself a new id. Give it a name of its own (docker plugin set swarmnfs SWARMNFS_NODE=NAME), and with swarmnfs:// a join token of its own",
        }
      : null,
    ...names
      .filter(({ level }) => level !== "ok")
      .map(({ title, advice = "" }) => ({
        key: `name ${title}`,
        title: `${title.charAt(0).toUpperCase()}${title.slice(1)}`,
        text: advice,
        afterMs: namesMs,
      })),
  ];
  return [...problems.filter((problem) => problem !== null), ...mounts(sight)];
}

function certificate({ node, certifiedUntil, now }: NodeSight): Problem | null {
  if (certifiedUntil === null || certifiedUntil - now > certificateMs) return null;
  const left = certifiedUntil - now;
  const when = left > 0 ? `ends in ${formatDuration(left)}` : "has ended";
  return {
    key: "certificate",
    title: `The certificate of node "${node}" is not renewed`,
    text: `It ${when}, and then the node can mount nothing. On that node: swarmnfs doctor; and look at its clock. A new one comes with a join token: swarmnfs server token ${node} --replace`,
    severity: left < 3 * day ? 2 : 1,
  };
}

/** While the storage as a whole is away, that is the message. */
function mounts({ node, trouble, failing }: NodeSight): Problem[] {
  if (trouble !== null) return [];
  const bad = [...failing].filter(
    ([, { times, since, last }]) => times >= leastTimes && last - since >= leastMs,
  );
  const [first] = bad;
  if (first === undefined) return [];
  if (bad.length > mostVolumes)
    return [
      {
        key: "mounts",
        title: `${bad.length} volumes cannot be mounted on node "${node}"`,
        text: `${bad.map(([volume]) => volume).join(", ")}. The first one: ${first[1].reason}`,
        severity: 2,
      },
    ];
  return bad.map(([volume, { times, reason }]) => ({
    key: `mount ${volume}`,
    title: `"${volume}" cannot be mounted on node "${node}"`,
    text: `${reason} (${times} times in a row). On that node: swarmnfs doctor`,
  }));
}
