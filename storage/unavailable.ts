import { UserError } from "../service/user-error.ts";

/**
 * The whole storage cannot be used now, whatever is asked of it: it does not answer, is not there, or is not the one
 * it should be. Told apart from an `unavailable` that concerns one volume, because it is the storage's health.
 */
export class StorageUnavailable extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super("unavailable", message, options);
  }
}
