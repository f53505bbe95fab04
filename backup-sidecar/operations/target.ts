import path from "node:path";
import type { Clock } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import * as z from "zod";
import { Documents } from "../engine/documents.ts";
import { connect, type Connected, type TargetSettings } from "../repository/target/connect.ts";
import { RemoteFailure } from "../repository/failure.ts";
import { RestBridge } from "../repository/bridge/rest-bridge.ts";
import { Traffic } from "../repository/http/traffic.ts";
import { webdavTarget } from "../repository/target/webdav-target.ts";
import type { BackupSettings } from "../settings.ts";

const markerSchema = z.looseObject({ schema: z.literal(1), marker: z.string() });

/** The backup server, found and known to be ours. */
export interface Connection extends Connected {
  readonly bridge: RestBridge;
  /** Whether it may be written to: the lease was held when it was made. */
  readonly writable: boolean;
}

export interface TargetParts {
  readonly settings: Pick<BackupSettings, "webdav" | "storageName" | "state">;
  /** The storage's directory: there is written down which place on the server is ours. */
  readonly root: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends everything. */
  readonly life: AbortSignal;
}

/** For so long uploads that fail again and again are tried, as outages are. */
const uploadsFailMs = 10 * 60_000;

/** The way to the backup server: made when it is first needed, kept, and told of while it is in trouble. */
export class Target {
  /** Everything that went to the server in this life, and what came of it. */
  readonly traffic = new Traffic();
  readonly #parts: TargetParts;
  readonly #marker: Documents;
  #connection: Connection | null = null;
  #connecting: { readonly writable: boolean; readonly made: Promise<Connection> } | null = null;
  readonly #bridges: RestBridge[] = [];
  #waiting: RemoteFailure | null = null;
  #failed: string | null = null;
  #settings: Promise<TargetSettings> | null = null;

  constructor(parts: TargetParts) {
    this.#parts = parts;
    this.#marker = new Documents(parts.root, [".swarmnfs", "backup"]);
  }

  /** What is being waited out at this moment, a sentence; null: nothing. */
  get waiting(): string | null {
    return this.#waiting?.message ?? null;
  }

  /** Why it could not be reached when it was last tried, a sentence; null: it could. */
  get trouble(): string | null {
    return this.waiting ?? this.#failed;
  }

  /** Where it is, without anything secret; null before it was reached. */
  get location(): string | null {
    return this.#connection?.location ?? null;
  }

  /** Throws `RemoteFailure`. `writable` needs the lease; without it nothing is made on the server. */
  async connection(writable: boolean): Promise<Connection> {
    if (this.#connection !== null && (this.#connection.writable || !writable))
      return this.#connection;
    const connecting = this.#connecting;
    if (connecting !== null && (connecting.writable || !writable)) return connecting.made;
    const made = this.#connect(writable).finally(() => {
      this.#connecting = null;
    });
    this.#connecting = { writable, made };
    return made;
  }

  /** What it is reached by; throws `UserError` for what was set wrongly. */
  settings(): Promise<TargetSettings> {
    const { webdav, storageName } = this.#parts.settings;
    this.#settings ??= webdavTarget(webdav, storageName, (error) =>
      this.#parts.log.warn({ reason: messageOf(error) }, "a changed setting cannot be used"),
    ).then(
      (found) => ({ ...found, traffic: this.traffic }),
      (error: unknown) => {
        this.#settings = null;
        throw error;
      },
    );
    return this.#settings;
  }

  /** The id of our place there, as far as it was ever seen. */
  async known(): Promise<string | null> {
    return (await this.#marker.read("target", markerSchema))?.marker ?? null;
  }

  async close(): Promise<void> {
    for (const bridge of this.#bridges) await bridge.close();
  }

  async #connect(writable: boolean): Promise<Connection> {
    const known = await this.known();
    try {
      const connected = await connect(await this.settings(), {
        known,
        mayWrite: writable,
        waiting: (failure) => this.#wait(failure),
        signal: this.#parts.life,
      });
      const { marker, remote } = connected;
      if (writable && marker !== null && known !== marker.id)
        await this.#marker.write("target", { schema: 1, marker: marker.id });
      const bridge = await RestBridge.listen(remote, {
        uploadsFailMs,
        journals: path.join(this.#parts.settings.state, "journals"),
        note: (text) => this.#parts.log.warn(text),
      });
      // Whoever reads through the one before goes on to its end.
      this.#bridges.push(bridge);
      this.#connection = { ...connected, bridge, writable };
      this.#failed = null;
      return this.#connection;
    } catch (error) {
      this.#failed = messageOf(error);
      throw error;
    }
  }

  #wait(failure: RemoteFailure | null): void {
    if (failure !== null && this.#waiting === null)
      this.#parts.log.warn({ kind: failure.kind }, `waiting: ${failure.message}`);
    if (failure === null && this.#waiting !== null)
      this.#parts.log.info("the backup server answers again");
    this.#waiting = failure;
  }
}
