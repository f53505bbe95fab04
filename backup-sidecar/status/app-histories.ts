import type { Log } from "../../service/log.ts";
import { AppHistory } from "./app-history.ts";

/** What was done for each app, opened when it is first asked for. */
export class AppHistories {
  readonly #folder: string;
  readonly #log: Log;
  readonly #opened = new Map<string, Promise<AppHistory>>();
  readonly #ready = new Map<string, AppHistory>();

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  async of(app: string): Promise<AppHistory> {
    const opened = this.#opened.get(app) ?? AppHistory.open(this.#folder, app, this.#log);
    this.#opened.set(app, opened);
    try {
      const history = await opened;
      this.#ready.set(app, history);
      return history;
    } catch (error) {
      this.#opened.delete(app);
      throw error;
    }
  }

  /** At once; null before it was first asked for. */
  known(app: string): AppHistory["known"] | null {
    return this.#ready.get(app)?.known ?? null;
  }
}
