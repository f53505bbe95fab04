import type { Lease } from "../storage/swarmnfs/protocol/lease.ts";
import { byName } from "./by-name.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part } from "./terminal.ts";

export async function listLeases(call: Call): Promise<ExitCode> {
  const { leases } = await call.server.ask("leases", {}, undefined, "reading the leases");
  if (call.options.json) {
    call.screen.json({ leases });
    return 0;
  }
  if (leases.length === 0) {
    call.screen.line("No leases: no node has a volume mounted");
    return 0;
  }
  call.screen.table(
    [
      { title: "VOLUME" },
      { title: "NODE" },
      { title: "ADDRESS" },
      { title: "MODE" },
      { title: "SINCE" },
      { title: "USED BY", wraps: true },
      { title: "STATE" },
    ],
    leases
      .toSorted((a, b) => rank(a) - rank(b) || byName(a.volume, b.volume) || byName(a.node, b.node))
      .map((lease) => row(lease, call)),
  );
  call.screen.line(plural(leases.length, "lease"));
  return 0;
}

function row(lease: Lease, { moments, screen }: Call): Part[] {
  return [
    lease.volume,
    lease.node,
    lease.address,
    `${lease.mode}${lease.exclusive ? " (excl.)" : ""}`,
    moments.ago(lease.grantedAt),
    lease.consumers.join(", ") || screen.symbols.none,
    statePart(lease),
  ];
}

function statePart({ state }: Lease): Part {
  if (state === "held") return { text: state, tone: "fine" };
  return { text: state, tone: state === "fenced" ? "act" : "look" };
}

function rank({ state }: Lease): number {
  return ["fenced", "silent", "held"].indexOf(state);
}
