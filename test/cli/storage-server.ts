import type { Lease } from "../../storage/swarmnfs/protocol/lease.ts";
import type { EnrolledNode } from "../../storage/swarmnfs/protocol/node.ts";
import type { AnswerOf } from "../../storage/swarmnfs/protocol/routes.ts";
import type { ServerAnswers } from "./fake-server.ts";

export function enrolledNode(name: string, given: Partial<EnrolledNode> = {}): EnrolledNode {
  const last = name.at(-1) ?? "0";
  return {
    id: `7b0c1a52-1111-4000-8000-00000000000${/\d/.test(last) ? last : "0"}`,
    name,
    role: "node",
    enrolledAt: "2026-02-11T08:00:00Z",
    certifiedUntil: "2026-05-12T08:00:00Z",
    address: `10.0.0.1${/\d/.test(last) ? last : "0"}`,
    seenAt: "2026-03-01T12:14:00Z",
    state: "live",
    fencedBecause: null,
    leases: 2,
    ...given,
  };
}

export function serverLease(volume: string, given: Partial<Lease> = {}): Lease {
  return {
    id: "01953f5e-0000-7000-8000-0000000000aa",
    volume,
    volumeId: "01953f5e-0000-7000-8000-000000000000",
    app: "blog",
    nodeId: "7b0c1a52-1111-4000-8000-000000000001",
    node: "node1",
    address: "10.0.0.11",
    mode: "rw",
    exclusive: false,
    grantedAt: "2026-03-01T09:14:02Z",
    expiresAt: "2026-03-01T12:15:02Z",
    consumers: ["service blog_web"],
    state: "held",
    ...given,
  };
}

/** What its nodes have, and a host without a plugin. */
export const serverGrants: AnswerOf<"leases"> = {
  leases: [
    serverLease("blog_data"),
    serverLease("db", {
      exclusive: true,
      node: "node3",
      address: "10.0.0.13",
      state: "silent",
      consumers: ["service shop_db"],
    }),
  ],
  statics: [
    {
      volume: "media",
      app: "media",
      host: "tv",
      address: "10.0.0.40",
      mode: "ro",
      since: "2026-03-01T05:14:02Z",
    },
  ],
};

/** A storage server with three nodes. What is changed is answered as changed, and forgotten. */
export const serverAnswers: ServerAnswers = {
  nodes: () => ({
    nodes: [
      enrolledNode("node1"),
      enrolledNode("node2", {
        state: "fenced",
        fencedBecause: "silent for 2 m, and db was needed",
        seenAt: "2026-03-01T12:04:02Z",
        leases: 0,
      }),
      enrolledNode("node3", { state: "silent", seenAt: "2026-03-01T12:11:02Z", leases: 1 }),
    ],
  }),
  leases: () => serverGrants,
  token: () => ({ token: "swarmnfs-join-1.eyJ2IjoxfQ", expiresAt: "2026-03-01T13:14:02Z" }),
  config: () => ({
    settings: [
      { name: "SWARMNFS_DATA", value: "/nfs_volumes", from: "default" },
      { name: "SWARMNFS_INTERFACE", value: "wt0", from: "default" },
      { name: "SWARMNFS_ADDRESS", value: "", from: "default" },
      { name: "app shop", value: "hosts node1, node2; size 100G", from: "environment" },
    ],
    notes: ["SWARMNFS_ALLOWED_HOSTS=* lets every host that has a token join"],
  }),
};
