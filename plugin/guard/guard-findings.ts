import type { Finding } from "../../storage/verbs.ts";
import type { Guard } from "./guard.ts";

/** What `swarmnfs doctor` says of the guard; nothing where there is nothing to guard. */
export async function guardFindings(guard: Guard): Promise<Finding[]> {
  const found = await guard.state();
  const places = guard.addresses.map((address) => placeOf(address, guard.ports));
  if (places.length === 0) return [];
  const where = places.join(", ");
  switch (found.state) {
    case "off":
      return [
        {
          level: "warning",
          title: `guard: switched off; containers can reach ${where}`,
          advice:
            "They pass as this node there, past all rules. To switch it on: docker plugin set swarmnfs SWARMNFS_GUARD=on (while the plugin is disabled)",
        },
      ];
    case "resting":
      return [{ level: "ok", title: "guard: not needed while nothing is mounted" }];
    case "standing":
      return [{ level: "ok", title: `guard: containers cannot reach ${where}` }];
    case "failed":
      return [
        {
          level: "problem",
          title: `guard: containers can reach ${where}`,
          advice: `It cannot be set up: ${found.reason}. Until it can, they pass as this node there, past all rules. It is tried again every minute; to do it now: swarmnfs doctor --fix`,
        },
      ];
    case "missing":
    case "changed":
      return [
        {
          level: "problem",
          title: `guard: containers can reach ${where}`,
          advice: `The nftables table "swarmnfs" ${found.state === "missing" ? "is missing" : "was changed by somebody"}. It is put back within a minute; to do it now: swarmnfs doctor --fix`,
        },
      ];
  }
}

function placeOf(address: string, ports: readonly number[]): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${host}:${ports.join("/")}`;
}
