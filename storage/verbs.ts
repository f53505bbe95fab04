import type { AppRecord } from "./records/app.ts";
import type { UseRecord } from "./records/use.ts";
import type { VolumeRecord } from "./records/volume.ts";
import type {
  AdoptableDirectory,
  AppChange,
  Damage,
  RemoveOutcome,
  StagingEntry,
  Review,
  StorageHealth,
  TrashEntry,
  Usage,
  VolumeChange,
} from "./storage.ts";
import type { EnrolledNode } from "./swarmnfs/protocol/node.ts";
import type { AnswerOf } from "./swarmnfs/protocol/routes.ts";

/**
 * Verbs of ours on the plugin's socket, beside Docker's: `POST /Swarmnfs.<Verb>` with a JSON body, answered 200 with
 * the result, or 4xx/5xx with {@link VerbFailure}. Whoever may open the socket (root) may call them.
 */
export interface Verbs {
  /** A directory of the storage that may become a volume, looked at. */
  Examine: {
    request: { readonly path: string };
    answer: AdoptableDirectory & {
      /** Containers of this node that have it mounted now; null: that is not known. */
      readonly users: readonly string[] | null;
    };
  };
  /** It becomes one, without being copied. */
  Adopt: {
    request: { readonly path: string; readonly app: string; readonly volume: string };
    answer: VolumeView;
  };
  Status: { request: Record<string, never>; answer: PluginStatus };
  Volumes: {
    request: { readonly drift?: boolean };
    answer: { readonly volumes: readonly VolumeView[] };
  };
  Volume: { request: { readonly name: string }; answer: VolumeView };
  SetVolume: {
    request: { readonly name: string; readonly change: VolumeChange };
    answer: VolumeView;
  };
  /** What `-o from=` does, for a volume that is there. */
  CloneVolume: {
    request: { readonly name: string; readonly as: string };
    answer: VolumeView;
  };
  /** Null: it was removed meanwhile. */
  RemoveVolume: {
    request: { readonly name: string };
    answer: { readonly outcome: RemoveOutcome | null };
  };
  Nodes: { request: Record<string, never>; answer: { readonly nodes: readonly NodeView[] } };
  /** Of a storage that gives leases. */
  Leases: { request: Record<string, never>; answer: AnswerOf<"leases"> };
  Apps: { request: Record<string, never>; answer: { readonly apps: readonly AppView[] } };
  App: { request: { readonly app: string }; answer: AppView };
  SetApp: { request: { readonly app: string; readonly change: AppChange }; answer: AppView };
  Review: { request: { readonly since: string }; answer: ReviewView };
  /**
   * Removes a volume that is called unused, unless it is another one by now, has been used since `lastUse` (as it was told by
   * `Review`), or somebody wants it.
   */
  RemoveUnused: {
    request: { readonly name: string; readonly id: string; readonly lastUse: string | null };
    answer: { readonly outcome: RemoveOutcome | null };
  };
  /** What this node's Docker does not need any more, and has not since before then (RFC 3339). */
  DockerWaste: {
    request: { readonly before: string };
    answer: { readonly waste: readonly Waste[] };
  };
  RemoveWaste: {
    request: { readonly kind: Waste["kind"]; readonly id: string; readonly before: string };
    answer: Record<string, never>;
  };
  /** What was begun on the storage, given up, and not touched since before then (RFC 3339). */
  Staging: {
    request: { readonly before: string };
    answer: { readonly staging: readonly StagingEntry[] };
  };
  RemoveStaging: {
    request: { readonly name: string; readonly before: string };
    answer: Record<string, never>;
  };
  Trash: { request: Record<string, never>; answer: { readonly entries: readonly TrashEntry[] } };
  Undelete: { request: { readonly entry: string; readonly as: string | null }; answer: VolumeView };
  Purge: {
    request: { readonly entries: readonly string[] };
    answer: { readonly purged: readonly string[] };
  };
  /** With a one-time token, on a storage that nodes join. */
  Join: { request: { readonly token: string }; answer: PluginStatus };
  Doctor: {
    request: { readonly fix?: boolean };
    answer: { readonly findings: readonly Finding[] };
  };
  /** Begins to ask all nodes, or says which examination is under way; it ends by itself, within two minutes. */
  ExamineCluster: { request: Record<string, never>; answer: { readonly id: string } };
  /** How far it is. Throws `not-found` for one that nobody knows any more. */
  ClusterExamination: { request: { readonly id: string }; answer: ClusterExamination };
}

export type Verb = keyof Verbs;

export interface VerbFailure {
  /** A `UserErrorCode`, or `internal`. */
  readonly code: string;
  readonly message: string;
}

/** `docker volume inspect` shows it as `Status`; the CLI shows it as a row. */
export interface VolumeStatus {
  readonly app: string;
  readonly storage: string;
  /** Below the storage's root: `apps/blog/blog_data`. */
  readonly path: string;
  readonly state: "mounted" | "idle" | "mounting" | VolumeRecord["state"];
  /** `ok`, or one word for what is wrong. */
  readonly health: "ok" | "unreachable" | "read-only" | "full" | "nearly-full" | "damaged";
  /** Why, in words for people; absent when `health` is `ok`. */
  readonly reason?: string;
  /** How far a volume is that is being filled, in words for people. */
  readonly filling?: string;
  /** RFC 3339: since when state and health are what they are. */
  readonly since: string;
  readonly services: string;
  readonly hosts: string;
  readonly access: VolumeRecord["access"];
  /** `stack blog (first, since 2026-02-11)`; absent unless the app is taken by whoever came first. */
  readonly owner?: string;
  /** Bytes; absent for none or not known yet. */
  readonly size?: number;
  readonly used?: number;
  readonly usedPercent?: number;
  readonly files?: number;
  /** Names of nodes. */
  readonly mountedOn: readonly string[];
  readonly lastSnapshot?: string;
  /** What Docker was asked for on this node and what the record says, where they differ. */
  readonly drift?: readonly string[];
  /** What should be known of this node although the volume is well. */
  readonly warnings?: readonly string[];
}

export interface VolumeView {
  readonly record: VolumeRecord;
  readonly status: VolumeStatus;
  readonly uses: readonly UseRecord[];
  readonly usage: Usage | null;
}

export interface AppView {
  readonly record: AppRecord;
  readonly volumes: readonly string[];
  /** Sum of what its volumes use, in bytes; null while nothing was counted. */
  readonly used: number | null;
}

/** What is known of the time since a moment, and who wants volumes that nobody may have mounted now. */
export interface ReviewView extends Review {
  /** By volume: when a node last showed a sign of use (RFC 3339); absent if none is known to. */
  readonly lastUse: Readonly<Record<string, string>>;
  readonly wanted: {
    /** `swarm`: all services and this node's containers were looked at; `node`: these containers; `none`: Docker was not asked. */
    readonly scope: "swarm" | "node" | "none";
    /** By volume: `service blog_web`, `container blog-1`, in whatever state. */
    readonly by: Readonly<Record<string, readonly string[]>>;
  };
  /** By volume: its labels, as this node's Docker knows them; absent where it has none. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How long reads and writes take on this node since they were mounted; empty where that is not counted. */
  readonly slow: readonly SlowVolume[];
}

export interface SlowVolume {
  readonly volume: string;
  readonly operations: number;
  /** Milliseconds that one took from being asked to its end. */
  readonly milliseconds: number;
}

/** Something of Docker's own that nothing uses: a container that has ended, an image or volume without a name, the build cache. */
export interface Waste {
  readonly kind: "container" | "image" | "volume" | "build-cache";
  readonly id: string;
  readonly name: string;
  /** Bytes; null: not known. */
  readonly bytes: number | null;
  /** RFC 3339: since when it ended, or was made or last used. */
  readonly since: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A node, as far as it is known here. */
export interface NodeView {
  readonly id: string;
  readonly name: string;
  /** RFC 3339: when it last showed a sign of life; null: it has never called. */
  readonly seenAt: string | null;
  /** Volumes that it has mounted, of those that this node may see. */
  readonly volumes: readonly string[];
  /** How it stands with the storage node that it has joined; null on a storage that nobody joins. */
  readonly enrolled: EnrolledNode | null;
}

export interface PluginStatus {
  readonly version: string;
  readonly node: string;
  readonly nodeId: string;
  readonly storage: string;
  readonly storageId: string | null;
  readonly health: StorageHealth | null;
  /** Why the storage cannot be used now and since when, or null. */
  readonly trouble: { readonly reason: string; readonly since: string } | null;
  /** Whether the Docker API answers, and as which driver it knows us. */
  readonly docker: { readonly state: "ok" | "off" | "silent"; readonly driver: string | null };
  readonly volumes: number;
  readonly mounted: number;
  readonly damaged: readonly Damage[];
  /** What should be known of this node although all is well. */
  readonly warnings?: readonly string[];
}

/** One line of `swarmnfs doctor`. */
export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  readonly title: string;
  /** What it means and what to do; absent for `ok`. */
  readonly advice?: string;
}

/** How far an examination of all nodes is. */
export interface ClusterExamination {
  /** In a few words: `asking the nodes`. */
  readonly doing: string;
  /** Names of nodes that have answered, and of those that are waited for. */
  readonly answered: readonly string[];
  readonly waiting: readonly string[];
  /** Null until it is done. */
  readonly report: ClusterReport | null;
}

/** What came of it. */
export interface ClusterReport {
  /** The node that asked, and its storage. */
  readonly node: string;
  readonly storage: string;
  /** Each node that should be there or has answered: the one that asked, then by name. */
  readonly nodes: readonly NodeExamination[];
  /** What is no matter of one node. */
  readonly findings: readonly Finding[];
}

export interface NodeExamination {
  readonly node: string;
  /** Of its plugin; null: it did not answer. */
  readonly version: string | null;
  readonly findings: readonly Finding[];
}
