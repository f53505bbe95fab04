/** A volume plugin that is measured: a process that listens on a unix socket. */
export interface Subject {
  readonly name: string;
  readonly socket: string;
  readonly pid: number;
  /** What Create gets as `Opts` for the nth volume. */
  options(index: number): Readonly<Record<string, string>>;
  /** Ends the process. Its data stays for `restart`, or for whoever removes the folder. */
  stop(): Promise<void>;
}
