import type { SessionOptions } from "../repository/bridge/bridge.ts";
import type { Remote } from "../repository/remote.ts";
import type { ResticCall, ResticEnding } from "./restic.ts";

export type Command = Omit<ResticCall, "environment" | "pulse">;

/** restic on one repository: each call gets a session of the bridge for as long as it runs. Without `session`: nothing but locks can be deleted. */
export interface Runner {
  readonly remote: Remote;
  /** Where the repository is on the server: `repositories/blog`. */
  readonly path: string;
  run(call: Command, session?: SessionOptions): Promise<ResticEnding>;
  text(call: Command, session?: SessionOptions): Promise<string>;
  ask(call: Command, session?: SessionOptions): Promise<unknown>;
}

/** Of a prune's plan and of the deed. A tenth may stay unused, so that not everything is packed anew each week. */
export const pruneOptions = ["--max-unused", "10%", "--max-repack-size", "4G"] as const;

/** Where an app's repository is on the server. */
export function pathOf(app: string): string {
  return `repositories/${app}`;
}
