/** What kind of mistake or trouble a {@link UserError} reports. Decide by this, never by the text. */
export type UserErrorCode =
  | "invalid" // the request itself is wrong: a bad name, an unknown option
  | "unsupported" // right, but this storage cannot do it
  | "not-found"
  | "conflict" // exists already with other options, or was changed meanwhile
  | "in-use"
  | "denied" // the access rules say no
  | "unavailable" // the storage or the engine does not answer, or is not what it should be
  | "full" // no space, or quota used up
  | "read-only"; // the storage may not be written to

/**
 * An expected failure whose message is the answer a person gets: what is wrong, what was expected, what to do next.
 * Everything else that is thrown is our own mistake and is logged with its stack.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly code: UserErrorCode;

  constructor(code: UserErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
