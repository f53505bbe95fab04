import type { Export, Exports } from "../../nfs-server/exports/exports.ts";
import type { NfsClient, NfsClients } from "../../nfs-server/kernel/nfs-clients.ts";

/** What the kernel would show to whom. */
export class FakeExports implements Exports {
  /** By address: the client there. */
  readonly addresses = new Map<string, string>();
  readonly #granted = new Map<string, Map<string, Export>>();
  /** Thrown by the next grants and revocations, if set. */
  failure: Error | null = null;

  async admit(client: string, address: string): Promise<void> {
    this.addresses.set(address, client);
  }

  async dismiss(address: string): Promise<void> {
    this.addresses.delete(address);
  }

  async grant(client: string, granted: Export): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const volumes = this.#granted.get(client) ?? new Map<string, Export>();
    this.#granted.set(client, volumes.set(granted.volume, granted));
  }

  async revoke(client: string, volume: string): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.#granted.get(client)?.delete(volume);
  }

  async withdraw(volume: string): Promise<void> {
    for (const volumes of this.#granted.values()) volumes.delete(volume);
  }

  /** As the kernel does when a life of the agent begins. */
  forget(): void {
    this.addresses.clear();
    this.#granted.clear();
  }

  /** What a client that calls from this address would be shown; null: nothing. */
  shownAt(address: string, volume: string): Export | null {
    const client = this.addresses.get(address);
    return client === undefined ? null : this.granted(client, volume);
  }

  granted(client: string, volume: string): Export | null {
    return this.#granted.get(client)?.get(volume) ?? null;
  }

  /** Everything that is granted. */
  all(): { readonly client: string; readonly granted: Export }[] {
    return [...this.#granted].flatMap(([client, volumes]) =>
      [...volumes.values()].map((granted) => ({ client, granted })),
    );
  }
}

/** Clients with locks and open files, as tests say. */
export class FakeNfsClients implements NfsClients {
  clients: NfsClient[] = [];
  /** Ids of nodes whose clients' state was taken away, in order. */
  readonly expired: string[] = [];

  async list(): Promise<readonly NfsClient[]> {
    return this.clients;
  }

  async expire(nodeId: string, address: string | null): Promise<number> {
    this.expired.push(nodeId);
    const before = this.clients.length;
    this.clients = this.clients.filter(
      (client) => client.name !== nodeId && client.address !== address,
    );
    return before - this.clients.length;
  }
}
