/** A volume plugin that is measured: a process that listens on a unix socket. */
export interface Subject {
  readonly name: string;
  readonly socket: string;
  /** What Create gets as `Opts` for the nth volume. */
  options(index: number): Readonly<Record<string, string>>;
  /** Ends the process; what it keeps stays in its folder. */
  stop(): Promise<void>;
}
