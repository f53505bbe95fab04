import type { StaticGrantView } from "../storage/swarmnfs/protocol/answers.ts";
import type { Lease } from "../storage/swarmnfs/protocol/lease.ts";
import { byName } from "./by-name.ts";
import type { Call } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part } from "./terminal.ts";

/** Who may mount what: nodes by leases, and hosts without a plugin, as the policy says. */
export interface Grants {
  readonly leases: readonly Lease[];
  readonly statics: readonly StaticGrantView[];
}

interface Row {
  readonly rank: number;
  readonly volume: string;
  readonly node: string;
  readonly cells: Part[];
}

/** Shows them, those that need somebody first. */
export function showLeases({ leases, statics }: Grants, call: Call): void {
  if (leases.length + statics.length === 0) {
    call.screen.line("No leases: no node has a volume mounted");
    return;
  }
  const rows = [
    ...leases.map((lease) => leaseRow(lease, call)),
    ...statics.map((grant) => staticRow(grant, call)),
  ].toSorted((a, b) => a.rank - b.rank || byName(a.volume, b.volume) || byName(a.node, b.node));
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
    rows.map(({ cells }) => cells),
  );
  const counts = [plural(leases.length, "lease")];
  if (statics.length > 0) counts.push(`${statics.length} static`);
  call.screen.line(counts.join(", "));
}

function leaseRow(lease: Lease, { moments, screen }: Call): Row {
  const { volume, node } = lease;
  const mode = `${lease.mode}${lease.exclusive ? " (excl.)" : ""}`;
  const users = lease.consumers.join(", ") || screen.symbols.none;
  return {
    rank: ["fenced", "silent", "held"].indexOf(lease.state),
    volume,
    node,
    cells: [volume, node, lease.address, mode, moments.ago(lease.grantedAt), users, state(lease)],
  };
}

function state({ state: text }: Lease): Part {
  if (text === "held") return { text, tone: "fine" };
  return { text, tone: text === "fenced" ? "act" : "look" };
}

// Who uses it there nobody knows: no plugin says it.
function staticRow(grant: StaticGrantView, { moments, screen }: Call): Row {
  const { volume, host: node, address, mode, since } = grant;
  const { none } = screen.symbols;
  const cells = [volume, node, address, mode, moments.ago(since), none, "static"];
  return { rank: 3, volume, node, cells };
}
