import { UserError } from "../service/user-error.ts";
import { messageOf } from "../service/message-of.ts";

/** Time was up, or Docker hung up, before the mount was there. */
export function slow(): UserError {
  return new UserError(
    "unavailable",
    "its storage did not answer in time. Nothing is lost; try again. See: swarmnfs doctor",
  );
}

/** A hold that is not on disk would be forgotten by a crash. */
export function unwritable(error: unknown): UserError {
  const reason = messageOf(error);
  return new UserError(
    "unavailable",
    `the plugin's state on this node cannot be written (${reason}). Make room or mend the disk; try again then`,
    { cause: error },
  );
}
