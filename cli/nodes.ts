import { byName } from "./by-name.ts";
import type { Call, ExitCode } from "./call.ts";
import { showEnrolled } from "./node-table.ts";
import { plural } from "./plural.ts";

/** The nodes of the storage: all that have joined it, or all that use it where nobody joins. */
export async function listNodes(call: Call): Promise<ExitCode> {
  const { nodes } = await call.plugin.ask("Nodes", {}, "reading the nodes");
  if (call.options.json) {
    call.screen.json({ nodes });
    return 0;
  }
  const enrolled = nodes.flatMap((node) => node.enrolled ?? []);
  if (enrolled.length > 0) {
    showEnrolled(enrolled, call);
    return 0;
  }
  if (nodes.length === 0) {
    call.screen.line("No node has a volume mounted");
    return 0;
  }
  call.screen.table(
    [{ title: "NODE" }, { title: "SEEN" }, { title: "HAS MOUNTED", wraps: true }],
    nodes
      .toSorted((a, b) => byName(a.name, b.name))
      .map(({ name, seenAt, volumes }) => [
        name,
        seenAt === null ? call.screen.symbols.none : call.moments.ago(seenAt),
        volumes.join(", ") || call.screen.symbols.none,
      ]),
  );
  call.screen.line(plural(nodes.length, "node"));
  return 0;
}
