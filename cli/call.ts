import type { BackupService } from "./backup-client.ts";
import type { Moments } from "./moments.ts";
import type { Person } from "./person.ts";
import type { Plugin } from "./plugin-client.ts";
import type { StorageServer } from "./server-client.ts";
import type { PluginWorks } from "./plugin-works.ts";
import type { Screen } from "./screen.ts";
import type { WorkBar } from "./work-bar.ts";
import type { StepBar } from "./step-bar.ts";

/** 0 ok, 1 failed, 2 wrong usage, 3 partly done. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What was given on the command line, whether or not the command knows it: that was checked before. */
export interface Options {
  readonly json: boolean;
  readonly drift: boolean;
  readonly fix: boolean;
  readonly cluster: boolean;
  readonly all: boolean;
  readonly yes: boolean;
  readonly as: string | null;
  readonly olderThan: string | null;
  readonly from: string | null;
  readonly valid: string | null;
  readonly replace: boolean;
  readonly role: string | null;
  readonly at: string | null;
  readonly path: readonly string[];
  readonly to: string | null;
  readonly inPlace: boolean;
  readonly force: boolean;
  readonly read: string | null;
  readonly dryRun: boolean;
  readonly quick: boolean;
  readonly profile: string | null;
  readonly since: string | null;
  readonly html: string | null;
  readonly app: string | null;
  readonly volume: string | null;
  readonly live: boolean;
  readonly filter: readonly string[];
}

/** One call of a command, with everything it may use. */
export interface Call {
  /** As many as the command asked for. */
  readonly operands: readonly string[];
  readonly options: Options;
  readonly screen: Screen;
  /** For what is about the work rather than its result, and for errors. */
  readonly aside: Screen;
  readonly moments: Moments;
  readonly plugin: Plugin;
  readonly works: PluginWorks;
  /** Shows how far a work is. */
  readonly steps: StepBar;
  /** The same for bytes, with rate and time left. */
  readonly bar: WorkBar;
  readonly server: StorageServer;
  readonly backup: BackupService;
  readonly person: Person;
}

/** How the help tells of an option. */
export interface OptionWords {
  /** How its value is called; absent: as in the table. */
  readonly value?: string;
  readonly does: string;
}

interface Example {
  readonly line: string;
  readonly does: string;
}

export interface Command {
  /** `trash undelete`. */
  readonly name: string;
  /** May be called by its first word alone. */
  readonly isDefault?: boolean;
  /** As shown in its usage: `ENTRY|VOLUME`. */
  readonly operands: string;
  /** How many operands: at least, at most. */
  readonly count: readonly [least: number, most: number];
  /** One line, below 60 characters. */
  readonly summary: string;
  /** What `--help` says beyond that, a paragraph each. */
  readonly about: readonly string[];
  /** Beside those of every command. */
  readonly options: readonly OptionName[];
  /** Those of them without which it does nothing. */
  readonly needed?: readonly OptionName[];
  /** What an option is to this command, where that differs from the table of all options. */
  readonly words?: Readonly<Partial<Record<OptionName, OptionWords>>>;
  readonly examples: readonly [Example, Example];
  run(call: Call): Promise<ExitCode>;
}

type OptionName =
  | "drift"
  | "fix"
  | "cluster"
  | "all"
  | "yes"
  | "as"
  | "older-than"
  | "from"
  | "valid"
  | "replace"
  | "role"
  | "at"
  | "path"
  | "to"
  | "in-place"
  | "app"
  | "volume"
  | "live"
  | "force"
  | "read"
  | "filter"
  | "since"
  | "html"
  | "quick"
  | "profile"
  | "dry-run";
