import { nearest } from "../service/nearest.ts";
import { UserError } from "../service/user-error.ts";
import type { EnrolledNode } from "../storage/swarmnfs/protocol/node.ts";
import { byName } from "./by-name.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import { printable } from "./printable.ts";
import type { Part } from "./terminal.ts";

async function readNodes({ server }: Call): Promise<readonly EnrolledNode[]> {
  const { nodes } = await server.ask("nodes", {}, undefined, "reading the nodes");
  return nodes;
}

export async function listNodes(call: Call): Promise<ExitCode> {
  const nodes = await readNodes(call);
  if (call.options.json) {
    call.screen.json({ nodes });
    return 0;
  }
  if (nodes.length === 0) {
    call.screen.line("No nodes yet. To let one join: swarmnfs server token NODE");
    return 0;
  }
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
  return 0;
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

export async function revokeNode(call: Call): Promise<ExitCode> {
  const node = await theNode(call);
  if (!call.options.yes && !(await isConfirmed(node, call))) {
    call.screen.line("Nothing was revoked.");
    return 1;
  }
  await call.server.ask("revokeNode", { id: node.id }, undefined, `revoking node "${node.name}"`);
  if (call.options.json) call.screen.json({ revoked: node.id });
  else
    call.screen.paragraph(
      `node "${node.name}" is revoked: its certificate is void, and what it had mounted is cut off. To let it join again: swarmnfs server token ${node.name}`,
    );
  return 0;
}

async function isConfirmed({ name, leases }: EnrolledNode, call: Call): Promise<boolean> {
  if (call.options.json || !call.person.present) {
    throw new UserError(
      "invalid",
      `revoking cuts a node off from its data (${name} has ${plural(leases, "lease")}), and nobody can be asked here. If it is meant, add --yes`,
    );
  }
  const answer = await call.person.ask(
    `Cut node "${printable(name, true)}" off (${plural(leases, "lease")})? Type yes: `,
  );
  if (answer === "") call.aside.line();
  return /^y(es)?$/i.test(answer.trim());
}

export async function unfenceNode(call: Call): Promise<ExitCode> {
  const node = await theNode(call);
  await call.server.ask("unfenceNode", { id: node.id }, {}, `taking node "${node.name}" back`);
  if (call.options.json) call.screen.json({ unfenced: node.id });
  else call.screen.line(`node "${node.name}" may mount again`);
  return 0;
}

/** The node that a person means: by its name, or by its id. */
async function theNode(call: Call): Promise<EnrolledNode> {
  const [word = ""] = call.operands;
  const wanted = word.toLowerCase();
  const nodes = (await readNodes(call)).filter(({ state }) => state !== "revoked");
  const node = nodes.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
  if (node !== undefined) return node;
  const likely = nearest(word, new Set(nodes.map(({ name }) => name)));
  const hint = likely === null ? "" : ` Did you mean "${likely}"?`;
  throw new UserError(
    "not-found",
    `no node called "${word}" has joined.${hint} See: swarmnfs server nodes`,
  );
}
