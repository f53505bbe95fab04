import type { Log } from "../service/log.ts";
import type { Catalog, Storage, StorageHealth, Trouble } from "../storage/storage.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import type { NodeState } from "./node-identity.ts";
import { messageOf } from "../service/message-of.ts";

/** Keeps in mind how the storage is, so that nobody has to ask it: opens it, and looks at it again and again. */
export class StorageWatch {
  readonly #storage: Storage;
  readonly #node: NodeState;
  readonly #catalog: CatalogCopy;
  readonly #log: Log;
  #id: string | null = null;
  #trouble: Trouble | null = null;
  /** Why the last look failed. */
  #failure: unknown = null;
  #health: StorageHealth | null = null;
  #healthSince = new Date().toISOString();
  #looking: Promise<void> | null = null;
  #listed: Catalog | null = null;
  readonly #listeners: ((catalog: Catalog) => void)[] = [];
  /** Never so far. */
  #lookedAt = -Infinity;

  constructor(storage: Storage, node: NodeState, catalog: CatalogCopy, log: Log) {
    this.#storage = storage;
    this.#node = node;
    this.#catalog = catalog;
    this.#log = log;
  }

  get id(): string | null {
    return this.#id;
  }

  get trouble(): Trouble | null {
    return this.#storage.trouble ?? this.#trouble;
  }

  get health(): StorageHealth | null {
    return this.#health;
  }

  get healthSince(): string {
    return this.#healthSince;
  }

  /** One look: opens the storage if that was not possible yet, reads its catalog and its health. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
      this.#lookedAt = performance.now();
    });
    return this.#looking;
  }

  /** From now on it is told, with each look, what there is: of calls to all nodes, too. */
  listen(hear: (catalog: Catalog) => void): void {
    this.#listeners.push(hear);
  }

  /** One look that begins after this call: something has changed. Never rejects. */
  async lookAnew(): Promise<void> {
    await this.#looking;
    await this.look();
  }

  /** Settles when the storage is open. Rejects with the reason why it cannot be, having tried once more. */
  async opened(): Promise<void> {
    if (this.#id === null) await this.look();
    if (this.#id === null) throw this.#failure;
  }

  /** Looks in the background unless that was done within the last `ms` milliseconds. */
  lookIfOlderThan(ms: number): void {
    if (performance.now() - this.#lookedAt > ms) void this.look();
  }

  async #look(): Promise<void> {
    try {
      const { id } = await this.#storage.open(this.#node.storageMet(this.#storage.url));
      await this.#node.rememberStorage(this.#storage.url, id);
      this.#id = id;
      await this.#catalog.refresh(() => this.#list());
      if (this.#listed !== null) for (const hear of this.#listeners) hear(this.#listed);
      this.#note(await this.#storage.health());
      if (this.#trouble !== null)
        this.#log.warn({ storage: this.#storage.url }, "the storage answers again");
      this.#trouble = null;
    } catch (error) {
      const reason = messageOf(error);
      this.#failure = error;
      if (this.#trouble === null)
        this.#log.error({ storage: this.#storage.url, err: error }, "the storage cannot be used");
      this.#trouble = { reason, since: this.#trouble?.since ?? new Date().toISOString() };
    }
  }

  async #list(): Promise<Catalog> {
    const catalog = await this.#storage.list();
    for (const damage of catalog.damaged)
      this.#log.warn({ ...damage }, "a record cannot be read; it is left alone");
    this.#listed = catalog;
    return catalog;
  }

  #note(health: StorageHealth): void {
    if (health.state !== this.#health?.state) this.#healthSince = new Date().toISOString();
    this.#health = health;
  }
}
