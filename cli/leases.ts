import type { Call, ExitCode } from "./call.ts";
import { showLeases } from "./lease-table.ts";

/** Who may mount what now, of what this node may see. */
export async function listLeases(call: Call): Promise<ExitCode> {
  const answer = await call.plugin.ask("Leases", {}, "reading the leases");
  if (call.options.json) call.screen.json(answer);
  else showLeases(answer, call);
  return 0;
}
