import type { TlsIdentity } from "../../../storage/swarmnfs/endpoint.ts";

/** One of the crowd's nodes: it calls from an address of its own. */
export interface CrowdNode {
  readonly id: string;
  readonly name: string;
  readonly from: string;
  readonly identity: TlsIdentity;
}

/** What a crowd of nodes is to do, all at once, with volumes `<prefix>-0`, `<prefix>-1` … Everything in it can be JSON. */
export interface CrowdErrand {
  readonly server: string;
  readonly nodes: readonly CrowdNode[];
  /** `look`: by NFS, whether the volume can be had. */
  readonly deed: "create" | "attach" | "detach" | "look";
  readonly prefix: string;
  readonly count: number;
  /** So many calls of each node are under way together. */
  readonly atOnce: number;
  /** Whether what the server has not done in its time is asked for again, and counted. */
  readonly isPatient: boolean;
}

/** What came of it. */
export interface CrowdReport {
  readonly seconds: number;
  /** For each node, in their order: what was refused, as the volume's number and the code of the refusal. */
  readonly refused: readonly (readonly (readonly [number, string])[])[];
  /** Milliseconds of one call: the half are below, and 99 of 100. */
  readonly median: number;
  readonly p99: number;
  /** Calls that were made again, because the server had not done it in its time. */
  readonly again: number;
}

/** The node that may not have a volume, by its number among the nodes; null: all may. */
export function excluded(volume: number, nodes: number): number | null {
  return volume % 10 < nodes ? volume % 10 : null;
}
