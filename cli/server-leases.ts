import type { Call, ExitCode } from "./call.ts";
import { showLeases } from "./lease-table.ts";

export async function listLeases(call: Call): Promise<ExitCode> {
  const answer = await call.server.ask("leases", {}, undefined, "reading the leases");
  if (call.options.json) call.screen.json(answer);
  else showLeases(answer, call);
  return 0;
}
