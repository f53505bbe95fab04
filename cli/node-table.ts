import type { EnrolledNode } from "../storage/swarmnfs/protocol/node.ts";
import { byName } from "./by-name.ts";
import type { Call } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part } from "./terminal.ts";

/** Nodes that have joined, those that need somebody first. */
export function showEnrolled(nodes: readonly EnrolledNode[], call: Call): void {
  call.screen.table(
    [
      { title: "NODE" },
      { title: "ADDRESS" },
      { title: "SEEN" },
      { title: "LEASES" },
      { title: "ROLE" },
      { title: "CERTIFICATE ENDS" },
      { title: "STATE", wraps: true },
    ],
    nodes
      .toSorted((a, b) => rank(a) - rank(b) || byName(a.name, b.name))
      .map((node) => row(node, call)),
  );
  const fenced = nodes.filter(({ state }) => state === "fenced").length;
  const parts: Part[] = [plural(nodes.length, "node")];
  if (fenced > 0) parts.push(", ", { text: `${fenced} fenced`, tone: "act" });
  call.screen.line(...parts);
}

function row(node: EnrolledNode, { moments, screen }: Call): Part[] {
  const { none } = screen.symbols;
  return [
    node.name,
    node.address ?? none,
    node.seenAt === null ? none : moments.ago(node.seenAt),
    String(node.leases),
    node.role,
    node.state === "revoked" ? none : moments.until(node.certifiedUntil),
    statePart(node),
  ];
}

function statePart({ state, fencedBecause }: EnrolledNode): Part {
  if (state === "live") return { text: state, tone: "fine" };
  if (state === "fenced") return { text: `fenced: ${fencedBecause ?? ""}`, tone: "act" };
  return state === "silent" ? { text: state, tone: "look" } : state;
}

function rank({ state }: EnrolledNode): number {
  return ["fenced", "silent", "live", "revoked"].indexOf(state);
}
