import type { Clock } from "../../service/clock.ts";
import type { Pins } from "./pins.ts";
import type { Connection } from "./restic-repository.ts";

/** Where repositories are, and what is known of them. */
export interface RepositoryWorld extends Connection {
  readonly pins: Pins;
  /** This storage's id. */
  readonly storage: string;
  readonly clock: Clock;
}
