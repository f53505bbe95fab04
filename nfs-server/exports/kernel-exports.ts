import { setImmediate as nextTurn } from "node:timers/promises";
import { UserError } from "../../service/user-error.ts";
import {
  addressGiven,
  addressTold,
  answer,
  ExportTable,
  grantTold,
  rootTold,
  type Shown,
} from "./answers.ts";
import type { Export, Exports } from "./exports.ts";
import { knownExports, selfTestClient, type KnownExport } from "./known-exports.ts";
import { channelNames } from "./questions.ts";
import { Showing, type Showcase } from "./showing.ts";
import { codeOf, failureHoldsMs, holdsMs, Telling, type TellingParts } from "./telling.ts";
import { type ExportPart, partsOf, placesOf } from "./whole-storage.ts";

export interface KernelExportsParts extends TellingParts {
  readonly showcase: Showcase;
  /** Whether clients must come with a certificate (`SWARMNFS_TLS=on`). */
  readonly mutualTls: boolean;
}

/** Before half of the time is over for which the kernel believes us. */
const repeatEveryMs = 6 * 60 * 60 * 1000;
/** How often questions are looked for. What was told beforehand is not asked, so that only strangers wait for this. */
const lookEveryMs = 20;
/** The same while there are some: whoever lists the root asks for one volume after the other. */
const lookAgainMs = 1;
/** So many are told in one go, before others get their turn. */
const slice = 200;

/**
 * The kernel's export tables, filled and answered by us: neither exportfs nor mountd, no file, no name server. What is
 * granted before {@link begin} is told then, all of it, so that a server that starts again is silent until it knows
 * everything, rather than refuse a client what it has had all along. What is taken away is told at any time.
 */
export class KernelExports implements Exports {
  readonly #parts: KernelExportsParts;
  readonly #shown: Shown;
  readonly #table = new ExportTable();
  readonly #showing: Showing;
  readonly #telling: Telling;
  /** Grants under way, by client and volume: what is revoked meanwhile is not granted. */
  readonly #underWay = new Map<string, symbol>();
  #repeating: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #hasBegun = false;

  constructor(parts: KernelExportsParts) {
    this.#parts = parts;
    this.#shown = { root: parts.showcase.path, mutualTls: parts.mutualTls };
    this.#showing = new Showing(parts.showcase);
    this.#telling = new Telling(parts);
  }

  /** The kernel forgets what somebody else told it, hears what holds now, and from now on is answered. */
  async begin(): Promise<void> {
    for (const name of channelNames) this.#parts.tables[name].forget();
    this.#hasBegun = true;
    await this.tellAll();
    this.#repeating = setInterval(() => void this.tellAll(), repeatEveryMs);
    this.#look();
  }

  /** Nothing is answered or told any more. What the kernel knows it goes on by. */
  end(): void {
    clearInterval(this.#repeating);
    clearTimeout(this.#looking);
    this.#hasBegun = false;
    for (const name of channelNames) this.#parts.tables[name].close();
  }

  /** Tells the kernel everything again, as far as it takes it. To be called when its NFS server was stopped and started: it forgets then. */
  async tellAll(): Promise<void> {
    if (!this.#hasBegun) return;
    let count = 0;
    for (const address of this.#table.addresses()) {
      const client = this.#table.clientAt(address);
      if (client !== null) this.#telling.repeat([addressTold(address, client)]);
      if ((count += 1) % slice === 0) await nextTurn();
    }
    for (const client of this.#table.clients()) {
      if (!this.#table.hasAddress(client)) continue;
      this.#telling.repeat(rootTold(this.#shown, client, true));
      for (const granted of this.#table.grantsOf(client)) {
        // It may have been taken away since the turn before.
        if (this.#table.granted(client, granted.volume) === granted)
          this.#telling.repeat(grantTold(this.#shown, client, granted, true));
        if ((count += 1) % slice === 0) await nextTurn();
      }
    }
  }

  /**
   * What the kernel shows to whom although we never granted it. While we are the only ones who answer there is none: it
   * means that this network has another export table, as of exportfs(8), with its own idea of isolation.
   */
  foreign(): readonly KnownExport[] {
    const known = knownExports(this.#parts.tables["nfsd.export"].content());
    return known.filter(({ client, path }) => {
      if (client === selfTestClient) return false;
      const question = { channel: "nfsd.export", client, path } as const;
      return answer(this.#table, this.#shown, question).answer === null;
    });
  }

  async admit(client: string, given: string): Promise<void> {
    const address = addressGiven(given);
    const before = this.#table.clientAt(address);
    this.#table.admit(client, address);
    if (before !== null) this.#hideRoot(before);
    if (!this.#hasBegun) return;
    this.#telling.tell(addressTold(address, client));
    for (const told of rootTold(this.#shown, client, true)) this.#telling.tell(told);
    // What was granted to a client without an address the kernel could not be told.
    for (const granted of this.#table.grantsOf(client))
      for (const told of grantTold(this.#shown, client, granted, true)) this.#telling.tell(told);
  }

  async dismiss(given: string): Promise<void> {
    const address = addressGiven(given);
    const client = this.#table.clientAt(address);
    this.#table.dismiss(address);
    if (client !== null) this.#hideRoot(client);
    this.#telling.tell(addressTold(address, null));
  }

  async grant(client: string, granted: Export): Promise<void> {
    const key = `${client} ${granted.volume}`;
    const mark = Symbol(key);
    this.#underWay.set(key, mark);
    try {
      await Promise.all(placesOf(granted).map((place) => this.#showing.show(place)));
      if (this.#underWay.get(key) !== mark) throw takenAway(granted.volume);
      for (const part of partsOf(granted)) this.#grantShown(client, part);
    } finally {
      if (this.#underWay.get(key) === mark) this.#underWay.delete(key);
    }
  }

  async revoke(client: string, volume: string): Promise<void> {
    this.#underWay.delete(`${client} ${volume}`);
    for (const part of this.#partsGranted(client, volume)) this.#revoke(client, part, holdsMs);
  }

  async withdraw(volume: string): Promise<void> {
    for (const key of this.#underWay.keys())
      if (key.endsWith(` ${volume}`)) this.#underWay.delete(key);
    // A "no" remembers the place as well, and keeps its file system busy.
    for (const client of this.#table.holdersOf(volume))
      for (const part of this.#partsGranted(client, volume))
        this.#revoke(client, part, failureHoldsMs);
    await this.#parts.showcase.hide(volume);
  }

  /** What the client has of it, by the names in the table; its own comes last, as the way to the others. */
  #partsGranted(client: string, volume: string): readonly string[] {
    const granted = this.#table.granted(client, volume);
    if (granted === null) return [];
    return partsOf(granted)
      .map((part) => part.volume)
      .toReversed();
  }

  #grantShown(client: string, granted: ExportPart): void {
    const before = this.#table.granted(client, granted.volume);
    if (before !== null && before.fsid !== granted.fsid) this.#revoke(client, before.volume, 0);
    this.#table.grant(client, granted);
    if (!this.#hasBegun || !this.#table.hasAddress(client)) return;
    try {
      this.#tellGrant(client, granted);
    } catch (error) {
      this.#revoke(client, granted.volume, holdsMs);
      throw new UserError(
        "unavailable",
        `volume "${granted.volume}" cannot be granted: the kernel's NFS server does not take it (${codeOf(error)}). It is tried again with the next mount; if it stays, restart the server`,
        { cause: error },
      );
    }
  }

  /** Of a client without an address the kernel would remember the root for a day, and nobody would know why. */
  #hideRoot(client: string): void {
    if (this.#table.hasAddress(client)) return;
    try {
      for (const told of rootTold(this.#shown, client, false)) this.#telling.tell(told);
    } catch (error) {
      // It does not know the client any more.
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }

  #tellGrant(client: string, granted: ExportPart): void {
    const lines = grantTold(this.#shown, client, granted, true);
    try {
      for (const told of lines) this.#telling.tell(told);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      // It does not know the client any more: somebody emptied the tables.
      for (const address of this.#table.addresses())
        if (this.#table.clientAt(address) === client)
          this.#telling.tell(addressTold(address, client));
      for (const told of [...rootTold(this.#shown, client, true), ...lines])
        this.#telling.tell(told);
    }
  }

  #revoke(client: string, volume: string, forMs: number): void {
    const granted = this.#table.granted(client, volume);
    if (granted === null) return;
    this.#table.revoke(client, volume);
    for (const told of grantTold(this.#shown, client, granted, false))
      try {
        this.#telling.tell(told, forMs);
      } catch (error) {
        // A client that the kernel does not know has nothing; for all else there is the thick brush.
        if (told.question.channel === "nfsd.fh" && codeOf(error) === "ENOENT") return;
        this.#parts.tables["nfsd.fh"].forget();
        this.#parts.tables["nfsd.export"].forget();
        void this.tellAll();
        return;
      }
  }

  #look(): void {
    let found = 0;
    for (const name of channelNames)
      try {
        for (const question of this.#parts.tables[name].questions()) {
          found += 1;
          this.#telling.answer(answer(this.#table, this.#shown, question));
        }
      } catch (error) {
        this.#parts.trouble(error);
      }
    this.#looking = setTimeout(() => this.#look(), found > 0 ? lookAgainMs : lookEveryMs);
  }
}

function takenAway(volume: string): UserError {
  return new UserError(
    "conflict",
    `access to volume "${volume}" was taken away again while it was being granted. Try again`,
  );
}
