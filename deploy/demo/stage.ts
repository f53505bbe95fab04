import type { DockerCli } from "../../engine-box/docker-cli.ts";
import type { Outcome } from "../../engine-box/outcome.ts";

/** The engine on which the demo plays. */
export interface Stage {
  readonly docker: DockerCli;
  /** Where the plugin keeps its state and the volumes' data; `docker plugin set` takes it. */
  readonly settings: Readonly<Record<string, string>>;
  /** The image of the demo's containers. */
  readonly image: string;
  /** What this engine is, for people. */
  readonly title: string;
  /** Runs the `swarmnfs` command on the engine's machine. */
  swarmnfs(...args: string[]): Promise<Outcome>;
  /** Writes what explains a failure into `folder`. */
  keepLogs(folder: string): Promise<void>;
  /** Takes everything of the demo away. */
  close(): Promise<void>;
}
