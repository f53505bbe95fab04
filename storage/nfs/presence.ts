import { bounded } from "../../service/bounded.ts";
import type { Clock } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import type { Presence } from "../keeper/presence.ts";
import type { NfsIdentity } from "../storage-server.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { mountTrouble, portTrouble } from "./mount-trouble.ts";
import type { NfsPlace } from "./nfs-url.ts";
import type { PrivateMount } from "./private-mount.ts";
import { serverLabel } from "./server-label.ts";
import type { ServerName } from "./server-name.ts";
import { firstOpen, type Knock } from "./server-port.ts";
import { followServer, type LeftAddress, type TransportEffects } from "./transports.ts";
import { recordsMount } from "./volume-mount.ts";

/** What the steps to a present storage need of the world. */
export interface NfsWorld {
  readonly name: ServerName;
  readonly knock: Knock;
  readonly mount: PrivateMount;
  readonly transports: TransportEffects;
  /** Sets the node's NFS identity, or another one for new mounts; throws `unavailable` where the kernel has no NFS. */
  readonly identify: (another: string | null) => Promise<NfsIdentity>;
  readonly clock: Clock;
  readonly patience?: NfsPatience;
}

/** In milliseconds. */
export interface NfsPatience {
  /** How long a caller waits for an attempt, which goes on for those who come later. */
  readonly caller: number;
  /** And so much longer if the server has answered: what takes its time is this node, which has just booted or is busy. */
  readonly answered: number;
  /** A mount that does not work is made anew this long after it was made, not before. */
  readonly remount: number;
  /** How often the server's name is looked up while all is well. */
  readonly name: number;
}

const usualPatience: NfsPatience = {
  caller: 6000,
  answered: 6000,
  remount: 30_000,
  name: 30_000,
};

/**
 * Makes a server's export present at the private mount: name, port, identity, mount, each bounded, one attempt for all
 * who ask meanwhile. No mount is tried while nothing answers, and nothing is done while all is well.
 */
export class NfsPresence implements Presence {
  readonly #place: NfsPlace;
  readonly #world: NfsWorld;
  readonly #patience: NfsPatience;
  #address: string | null = null;
  #addresses: readonly string[] = [];
  #well = false;
  #doubted = false;
  #mountedAt = -Infinity;
  #identified = false;
  #identity: NfsIdentity | null = null;
  #identityNote: string | null = null;
  #attempt: Promise<void> | null = null;
  /** Whether the server has answered in this attempt. */
  #answered = false;
  #namedAt = -Infinity;
  /** Where the server was and connections may still lead; null before anybody looked. */
  #former: Set<string> | null = null;
  #following: Promise<void> | null = null;
  /** Mounts of these cannot follow: the identity for new ones is another since. */
  readonly #parted = new Set<string>();

  constructor(place: NfsPlace, world: NfsWorld) {
    this.#place = place;
    this.#world = world;
    this.#patience = world.patience ?? usualPatience;
  }

  /** The server's address in use; null before it was ever reached. */
  get address(): string | null {
    return this.#address;
  }

  /** All that the server's name had when last looked up. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** The name of this node's NFS client; null before it was looked at, or if that failed. */
  get identity(): NfsIdentity | null {
    return this.#identity;
  }

  /** What should be known although all is well. */
  get notes(): readonly string[] {
    return [this.#world.name.note, this.#identityNote].filter((note) => note !== null);
  }

  /** Former addresses to which there are still connections; null while that is not known. */
  get left(): readonly string[] | null {
    return this.#former === null ? null : [...this.#former];
  }

  async ensure(): Promise<void> {
    if (this.#well) {
      this.#watchName();
      return;
    }
    this.#attempt ??= this.#connect().finally(() => (this.#attempt = null));
    const attempt = this.#attempt;
    const { caller, answered } = this.#patience;
    const slow = (): StorageUnavailable => this.#slow();
    await bounded(attempt, caller, slow).catch(async (error: unknown) => {
      if (!this.#answered) throw error;
      await bounded(attempt, answered, slow);
    });
  }

  doubt(): void {
    this.#well = false;
    this.#doubted = true;
  }

  async #connect(): Promise<void> {
    const { name, knock, mount, clock } = this.#world;
    const place = this.#place;
    this.#answered = false;
    this.#former ??= new Set(await name.remembered()); // before the look-up, which is remembered instead
    this.#addresses = await name.addresses();
    const addresses = preferring(this.#address, this.#addresses);
    this.#namedAt = clock.now();
    const { address, answer } = await firstOpen(addresses, place.port, knock);
    if (answer !== "open") throw portTrouble(place, address, answer);
    this.#answered = true;
    if (!this.#identified) await this.#identify();
    if (this.#address !== null) this.#former.add(this.#address);
    await this.#follow(address);
    const wanted = recordsMount(place, address);
    const isOld = clock.now() - this.#mountedAt >= this.#patience.remount;
    if (!(await mount.proves(wanted)) || (this.#doubted && isOld)) {
      this.#mountedAt = clock.now();
      try {
        await mount.mount(wanted);
      } catch (error) {
        throw mountTrouble(error, place, address);
      }
    }
    this.#address = address;
    this.#doubted = false;
    this.#well = true;
  }

  /** What is mounted from where the server was goes on where it is. Without that new mounts would hang with old ones. */
  async #follow(address: string): Promise<void> {
    this.#following ??= this.#followTo(address).finally(() => (this.#following = null));
    await this.#following;
  }

  async #followTo(address: string): Promise<void> {
    const former = this.#former;
    former?.delete(address);
    if (former === null || former.size === 0) return;
    const { transports, knock } = this.#world;
    const left = await followServer(transports, knock, [...former], address, this.#place.port);
    for (const old of former) if (!left.some((each) => each.address === old)) former.delete(old);
    const busy = left.find(({ state }) => state === "busy");
    if (busy !== undefined) throw this.#moving(address, busy.address);
    await this.#part(left);
  }

  /** From mounts that cannot follow new ones part by name: then they have nothing to do with each other. */
  async #part(left: readonly LeftAddress[]): Promise<void> {
    const fixed = left.filter((each) => each.state === "fixed" && !this.#parted.has(each.address));
    if (fixed.length === 0) return;
    await this.#identify(this.#world.clock.now().toString(36));
    for (const { address } of fixed) this.#parted.add(address);
  }

  async #identify(another: string | null = null): Promise<void> {
    try {
      this.#identity = await this.#world.identify(another);
      this.#identityNote = null;
    } catch (error) {
      if (error instanceof StorageUnavailable) throw error;
      this.#identityNote = `this node's NFS client could not be given a name of its own (${messageOf(error)}). Where two nodes have the same host name they lose each other's locks: give each its own`;
    }
    this.#identified = true;
  }

  /** A server that moved is noticed although the old one still answers: else nodes would see different ones. */
  #watchName(): void {
    const { clock } = this.#world;
    if (clock.now() - this.#namedAt < this.#patience.name) return;
    this.#namedAt = clock.now();
    void this.#followName();
  }

  async #followName(): Promise<void> {
    // A name that cannot be looked up is not needed while all is well.
    if (await this.#moved().catch(() => false)) {
      this.#well = false;
      await this.ensure().catch(() => {}); // the next caller is told
    } else if (this.#attempt === null && this.#address !== null) {
      // It may have answered at both, and be gone from the former one now.
      await this.#follow(this.#address).catch(() => {});
    }
  }

  async #moved(): Promise<boolean> {
    const addresses = await this.#world.name.addresses();
    this.#addresses = addresses;
    if (this.#address === null || addresses.includes(this.#address)) return false;
    const { answer } = await firstOpen(addresses, this.#place.port, this.#world.knock);
    return answer === "open";
  }

  #moving(address: string, old: string): StorageUnavailable {
    const server = serverLabel(this.#place.host, address);
    return new StorageUnavailable(
      `${server} was at ${old} before, and what is mounted from there is being taken along. Try again in a moment`,
    );
  }

  #slow(): StorageUnavailable {
    const server = serverLabel(this.#place.host, this.#address);
    return new StorageUnavailable(
      `${this.#place.path} of ${server} is being mounted for this node, which takes longer than usual. Try again in a moment`,
    );
  }
}

/** A server with several addresses is not changed while it stands under the one in use. */
function preferring(current: string | null, addresses: readonly string[]): readonly string[] {
  if (current === null || !addresses.includes(current)) return addresses;
  return [current, ...addresses.filter((address) => address !== current)];
}
