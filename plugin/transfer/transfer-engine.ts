/** A volume of Docker's, of whatever driver. */
export interface OtherVolume {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

/** What a container of ours has mounted. */
export type Side =
  | { readonly kind: "volume"; readonly name: string; readonly driver: string }
  | { readonly kind: "path"; readonly path: string };

/** One copy, made by a container of its own. */
export interface TransferJob {
  /** The container's name: of one name there is one. */
  readonly name: string;
  /** What is copied, in words, for whoever goes on with it. */
  readonly what: string;
  readonly from: Side;
  readonly to: Side;
}

/** What transfers want of the Docker Engine that runs us. Safe only outside of requests of Docker's: it asks us back. */
export interface TransferEngine {
  /** Null: there is none of that name. */
  volume(name: string): Promise<OtherVolume | null>;
  /** Names of the containers that run now and have it mounted; of a directory also those that have one above or below it. */
  usersOf(side: Side): Promise<readonly string[]>;
  /**
   * Copies, and settles when the container is gone. One of that name that an earlier process left is ended first. Each line
   * that it says goes to `hear`. Rejects with `UserError` if it cannot be run, and with the reason of `signal`.
   */
  run(job: TransferJob, hear: (line: string) => void, signal: AbortSignal): Promise<void>;
}
