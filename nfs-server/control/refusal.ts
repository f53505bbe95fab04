/** What the control API says no to in a word that `UserError` does not have. As there, the message is for people. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: "unknown-node" | "too-many";
  /** After how many seconds it may be tried again; null: that changes nothing. */
  readonly retryAfterS: number | null;

  constructor(code: Refusal["code"], message: string, retryAfterS: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}
