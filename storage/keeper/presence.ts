/** What makes a file system present that has to be mounted before a keeper can work in it. */
export interface Presence {
  /**
   * Called before every call: resolves when the file system is there, at once if it is already. Rejects with
   * `StorageUnavailable`, saying why it is not, within seconds.
   */
  ensure(): Promise<void>;
  /** It was there and did not work: the next `ensure` looks closely, and makes it anew where that may help. */
  doubt(): void;
}
