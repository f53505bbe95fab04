import type { Machine } from "./machine.ts";

/** Something that goes wrong with a machine, and how it is mended. */
export interface Fault {
  readonly what: string;
  /** The only kind of machine that can have it; any, if it is missing. */
  readonly only?: Machine["plan"]["role"];
  /** Whether a new boot undoes it. */
  readonly endsWithPower: boolean;
  begin(machine: Machine): Promise<unknown>;
  end(machine: Machine): Promise<unknown>;
}
