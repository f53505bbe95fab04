/** The command line itself is wrong; nothing was done. `topic` is the command whose help says more. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly topic: string;

  constructor(message: string, topic: string) {
    super(message);
    this.topic = topic;
  }
}
