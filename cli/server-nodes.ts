import { nearest } from "../service/nearest.ts";
import { UserError } from "../service/user-error.ts";
import type { EnrolledNode } from "../storage/swarmnfs/protocol/node.ts";
import type { Call, ExitCode } from "./call.ts";
import { showEnrolled } from "./node-table.ts";
import { plural } from "./plural.ts";
import { printable } from "./printable.ts";

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
  showEnrolled(nodes, call);
  return 0;
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
