import { messageOf } from "../../service/message-of.ts";
import type { Knock } from "../nfs/server-port.ts";
import type { NfsIdentity } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { portTrouble, type NfsServer } from "./mount-trouble.ts";

/** That this node can mount from a storage node: it has an NFS identity of its own, and NFS is served there. */
export class NodeReadiness {
  readonly #identify: () => Promise<NfsIdentity>;
  readonly #knock: Knock;
  #attempt: Promise<void> | null = null;
  #identity: NfsIdentity | null = null;
  #note: string | null = null;

  /** `identify` sets the node's NFS identity; throws `unavailable` where the kernel has no NFS. */
  constructor(identify: () => Promise<NfsIdentity>, knock: Knock) {
    this.#identify = identify;
    this.#knock = knock;
  }

  /** By which name the server knows this node's locks; null before the first mount. */
  get identity(): NfsIdentity | null {
    return this.#identity;
  }

  /** What should be known although all is well. */
  get note(): string | null {
    return this.#note;
  }

  /** No mount is tried where nothing answers: it would wait for minutes. Throws `unavailable`. */
  async check(server: NfsServer): Promise<void> {
    const [answer] = await Promise.all([
      this.#knock(server.address, server.port),
      this.#ensureIdentity(),
    ]);
    if (answer !== "open") throw portTrouble(server, answer);
  }

  /** Once, before the first mount. */
  async #ensureIdentity(): Promise<void> {
    if (this.#identity !== null) return;
    this.#attempt ??= this.#identifyOnce().finally(() => (this.#attempt = null));
    await this.#attempt;
  }

  async #identifyOnce(): Promise<void> {
    try {
      this.#identity = await this.#identify();
      this.#note = null;
    } catch (error) {
      if (error instanceof StorageUnavailable) throw error;
      this.#note = `this node's NFS client could not be given a name of its own (${messageOf(error)}). Where two nodes have the same host name they lose each other's locks: give each its own`;
    }
  }
}
