import type { UserError } from "../service/user-error.ts";
import type { Storage } from "./storage.ts";

/**
 * Stands where a storage cannot be opened at all, as for a URL that nobody understands: every call is refused with the
 * same reason, so that a program can listen, answer from memory, and say what is wrong.
 */
export class RefusingStorage implements Storage {
  readonly url: string;
  readonly #reason: UserError;

  constructor(url: string, reason: UserError) {
    this.url = url;
    this.#reason = reason;
  }

  readonly open = (): Promise<never> => this.#refuse();
  readonly list = (): Promise<never> => this.#refuse();
  readonly get = (): Promise<never> => this.#refuse();
  readonly create = (): Promise<never> => this.#refuse();
  readonly update = (): Promise<never> => this.#refuse();
  readonly remove = (): Promise<never> => this.#refuse();
  readonly attach = (): Promise<never> => this.#refuse();
  readonly detach = (): Promise<never> => this.#refuse();
  readonly renew = (): Promise<never> => this.#refuse();
  readonly getApp = (): Promise<never> => this.#refuse();
  readonly updateApp = (): Promise<never> => this.#refuse();
  readonly claimApp = (): Promise<never> => this.#refuse();
  readonly usage = (): Promise<never> => this.#refuse();
  readonly trash = (): Promise<never> => this.#refuse();
  readonly undelete = (): Promise<never> => this.#refuse();
  readonly purge = (): Promise<never> => this.#refuse();
  readonly review = (): Promise<never> => this.#refuse();
  readonly housekeep = (): Promise<never> => this.#refuse();
  readonly health = (): Promise<never> => this.#refuse();
  readonly close = (): Promise<void> => Promise.resolve();

  #refuse(): Promise<never> {
    return Promise.reject(this.#reason);
  }
}
