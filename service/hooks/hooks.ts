/** What a container of an app has done to it around a backup, by its labels `swarmnfs.backup.…`. */
export interface HookOutcome {
  /** Everything that was asked for was done: the source is as consistent as its owner wanted it. */
  readonly consistent: boolean;
  /** What was done and what was not, in words for people; empty if no container asks for anything. */
  readonly notes: readonly string[];
}

/**
 * Brings the containers that mount an app's volumes into a state in which they can be saved, and back. Whatever is stopped
 * or paused is written down on disk first, and comes back: by `post`, by the watchdog when it takes too long, or by
 * `recover` after a crash of ours.
 */
export interface Hooks {
  /** Never throws for what a container does; a failed command is a note, and the backup goes on without consistency. */
  pre(app: string, volumes: readonly string[], signal: AbortSignal): Promise<HookOutcome>;
  /** To be called after every `pre`, also a failed one. Brings everything back, then runs the commands for afterwards. */
  post(app: string): Promise<HookOutcome>;
  /** At the start of the service: brings back what a former life left paused or stopped. */
  recover(): Promise<readonly string[]>;
}

/** Where there is no Docker: nothing is asked for, and nothing can be done. */
export const noHooks: Hooks = {
  pre: async () => ({ consistent: true, notes: [] }),
  post: async () => ({ consistent: true, notes: [] }),
  recover: async () => [],
};
