import { randomBytes } from "node:crypto";
import { NfsRefusal, formatCompound, parseCompound } from "./compound.ts";
import { Connection, type Way } from "./connection.ts";
import type { Operation } from "./operation.ts";
import { procedure, type Credential } from "./rpc-message.ts";
import {
  createSession,
  destroyClientId,
  destroySession,
  exchangeId,
  sequence,
  type SessionId,
} from "./session-operations.ts";

/** Who the machine is; each compound may claim to be somebody else. */
const root: Credential = { uid: 0, gid: 0, groups: [] };

/** A client of its own at a server, with one session; one compound after the other. */
export class Session {
  /** As the server numbers this client. */
  readonly clientId: bigint;
  readonly #connection: Connection;
  readonly #id: SessionId;
  #sequence = 1;

  private constructor(connection: Connection, id: SessionId, clientId: bigint) {
    this.#connection = connection;
    this.#id = id;
    this.clientId = clientId;
  }

  /**
   * `name` is how the client calls itself. Throws if the server cannot be reached or does not want this client. Nothing is
   * said of what it had before, and so nothing can be opened yet (`reclaimComplete`), nor does the server remember it
   * over its restart.
   */
  static async open(way: Way, name: string): Promise<Session> {
    const connection = await Connection.open(way);
    try {
      const owner = Buffer.from(`${name} ${randomBytes(8).toString("hex")}`);
      const known = await ask(connection, root, [], exchangeId(owner, randomBytes(8)));
      const id = await ask(connection, root, [], createSession(known));
      return new Session(connection, id, known.clientId);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /**
   * Asks as whoever it claims to be, and returns what the last operation answers. Throws `NfsRefusal` with the operation
   * that failed. After any other error the session is of no use any more.
   */
  async ask<T>(
    credential: Credential,
    before: readonly Operation<unknown>[],
    last: Operation<T>,
  ): Promise<T> {
    const first = sequence(this.#id, this.#sequence);
    try {
      const answer = await ask(this.#connection, credential, [first, ...before], last);
      this.#sequence += 1;
      return answer;
    } catch (error) {
      if (error instanceof NfsRefusal && error.operation !== first.name) this.#sequence += 1;
      throw error;
    }
  }

  /** Leaves nothing at the server but what it was told to write. */
  async close(): Promise<void> {
    try {
      await ask(this.#connection, root, [], destroySession(this.#id));
      await ask(this.#connection, root, [], destroyClientId(this.clientId));
    } finally {
      this.#connection.close();
    }
  }
}

async function ask<T>(
  connection: Connection,
  credential: Credential,
  before: readonly Operation<unknown>[],
  last: Operation<T>,
): Promise<T> {
  const body = formatCompound([...before, last]);
  return parseCompound(await connection.call(credential, procedure.compound, body), before, last);
}
