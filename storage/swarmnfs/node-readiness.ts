import { bounded } from "../../service/bounded.ts";
import { messageOf } from "../../service/message-of.ts";
import type { Knock } from "../nfs/server-port.ts";
import type { TransportEffects } from "../nfs/transports.ts";
import type { NfsIdentity } from "../storage-server.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { portTrouble, type NfsServer } from "./mount-trouble.ts";
import { ServerMove } from "./server-move.ts";

/** The kernel may need 20 s for it; an attachment may take 8. Milliseconds. */
const followMs = 4000;

/** That this node can mount from a storage node: it has an NFS identity of its own, and NFS is served there. */
export class NodeReadiness {
  readonly #identify: (another: string | null) => Promise<NfsIdentity>;
  readonly #knock: Knock;
  readonly #move: ServerMove;
  readonly #secure: () => Promise<void>;
  #attempt: Promise<void> | null = null;
  #identity: NfsIdentity | null = null;
  #note: string | null = null;
  #insecure: string | null = null;
  #servesNfs: boolean | null = null;

  /**
   * `identify` sets the node's NFS identity; throws `unavailable` where the kernel has no NFS. `secure` makes this node ready
   * for NFS over TLS, with its certificate as it is now; throws `unavailable` where it cannot.
   */
  constructor(
    identify: (another: string | null) => Promise<NfsIdentity>,
    knock: Knock,
    transports: TransportEffects,
    secure: () => Promise<void>,
  ) {
    this.#secure = secure;
    this.#identify = identify;
    this.#knock = knock;
    this.#move = new ServerMove(transports, knock, () =>
      this.#identifyAs(performance.now().toString(36).replace(".", "")),
    );
  }

  /** Former addresses of the server to which this node still has connections. */
  get left(): readonly string[] {
    return this.#move.left;
  }

  /** The server was there before: what is mounted from there is taken along, as far as that can be. */
  moved(from: string | null, server: NfsServer): void {
    if (from !== null && from !== server.address) this.#move.leave(from);
    void this.#move.follow(server).catch(() => {}); // whoever mounts is told
  }

  /** By which name the server knows this node's locks; null before the first mount. */
  get identity(): NfsIdentity | null {
    return this.#identity;
  }

  /** What should be known although all is well. */
  get notes(): readonly string[] {
    return [this.#note, this.#insecure].filter((note) => note !== null);
  }

  /**
   * What is mounted over TLS goes on to be: the kernel may connect anew at any time, also after another plugin took over,
   * and then proves itself with what the certificate is by then.
   */
  async secure(server: NfsServer): Promise<void> {
    this.#insecure = server.tls ? await this.#secure().then(() => null, messageOf) : null;
  }

  /** Whether NFS was served when it was last looked at; null: it was not looked at. */
  get servesNfs(): boolean | null {
    return this.#servesNfs;
  }

  /** Looks whether NFS is served. Answers what to say of it; null: it is. */
  async look(server: NfsServer | null): Promise<string | null> {
    if (server === null) return null;
    const answer = await this.#knock(server.address, server.port);
    this.#servesNfs = answer === "open";
    return answer === "open" ? null : portTrouble(server, answer).message;
  }

  /** No mount is tried where nothing answers: it would wait for minutes. Throws `unavailable`. */
  async check(server: NfsServer): Promise<void> {
    const [answer] = await Promise.all([
      this.#knock(server.address, server.port),
      this.#ensureIdentity(),
      server.tls && this.#secure(),
    ]);
    if (answer !== "open") throw portTrouble(server, answer);
    await bounded(this.#move.follow(server), followMs, () => isMoving(server));
  }

  /** Once, before the first mount. */
  async #ensureIdentity(): Promise<void> {
    if (this.#identity !== null) return;
    this.#attempt ??= this.#identifyAs(null).finally(() => (this.#attempt = null));
    await this.#attempt;
  }

  async #identifyAs(another: string | null): Promise<void> {
    try {
      this.#identity = await this.#identify(another);
      this.#note = null;
    } catch (error) {
      if (error instanceof StorageUnavailable) throw error;
      this.#note = `this node's NFS client could not be given a name of its own (${messageOf(error)}). Where two nodes have the same host name they lose each other's locks: give each its own`;
    }
  }
}

function isMoving({ host }: NfsServer): StorageUnavailable {
  return new StorageUnavailable(
    `${host} has got another address, and what is mounted from it is being taken along. Try again in a moment`,
  );
}
