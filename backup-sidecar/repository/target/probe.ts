import { randomBytes, randomUUID } from "node:crypto";
import type { Call, Endpoint, Tally } from "../http/endpoint.ts";
import { payloadOf } from "../http/exchange.ts";
import { RemoteFailure } from "../failure.ts";
import type { Folders } from "../webdav/folders.ts";
import { quotaProperties, readQuota } from "../webdav/multistatus.ts";
import type { Profile } from "./profile.ts";
import { ownFolder } from "../remote-path.ts";

interface Around {
  readonly folders: Folders;
  readonly signal?: AbortSignal;
  readonly tally?: Tally;
}

const answerLimit = 1024 * 1024;
const small = 2048;
/** What a server says of the moment, and not of what it can do: taken for good, uploads would never be moved to their names. */
const passing: ReadonlySet<number> = new Set([401, 408, 423, 429, 503, 504, 507]);

/** Finds out what a server can do by doing it, in `.swarmnfs/probe/`. Throws the failure of what it must be able to do. */
export class Probe {
  readonly #endpoint: Endpoint;
  readonly #around: Around;
  readonly #folder = `${ownFolder}/probe`;

  constructor(endpoint: Endpoint, around: Around) {
    this.#endpoint = endpoint;
    this.#around = around;
  }

  /** `largest`: how large a body to try in bytes; 0 tries none. */
  async run(now: number, largest: number): Promise<Profile> {
    const one = `${this.#folder}/${randomUUID()}`;
    const two = `${this.#folder}/${randomUUID()}`;
    await this.#around.folders.ensure(this.#endpoint, this.#folder, this.#circumstances());
    try {
      const bytes = randomBytes(small);
      await this.#put(one, bytes);
      await this.#put(two, randomBytes(16));
      const server = await this.#same(one, bytes);
      const ranges = await this.#ranges(one, bytes);
      const moveTo = await this.#move(one, two, bytes);
      const quota = await this.#quota();
      const largestBody = largest === 0 ? null : await this.#large(one, largest);
      return {
        server,
        move: moveTo !== null,
        moveTo: moveTo ?? "address",
        ranges,
        quota,
        largestBody,
        clockOffsetMs: this.#endpoint.clockOffsetMs,
        probedAt: new Date(now).toISOString(),
      };
    } finally {
      for (const path of [one, two])
        await this.#endpoint.send(this.#call("DELETE", path)).then(
          (answer) => answer.discard(),
          () => undefined,
        );
    }
  }

  async #put(path: string, bytes: Buffer): Promise<void> {
    const payload = payloadOf(bytes);
    (await this.#endpoint.expect({ ...this.#call("PUT", path), payload })).discard();
  }

  async #same(path: string, bytes: Buffer): Promise<string | null> {
    const answer = await this.#endpoint.expect(this.#call("GET", path), 200);
    if (!(await answer.bytes(answerLimit)).equals(bytes))
      throw new RemoteFailure(
        "server",
        `"${this.#endpoint.base.host}" gives back something else than was stored there: nothing can be kept on it`,
        { waitingHelps: false },
      );
    return answer.headers["server"]?.toString() ?? null;
  }

  async #ranges(path: string, bytes: Buffer): Promise<boolean> {
    const answer = await this.#endpoint.send({
      ...this.#call("GET", path),
      headers: { range: "bytes=1000-1999" },
    });
    const part = await answer.bytes(answerLimit);
    return answer.status === 206 && part.equals(bytes.subarray(1000, 2000));
  }

  /** How to move a file over another; null when it cannot. */
  async #move(from: string, to: string, bytes: Buffer): Promise<Profile["moveTo"] | null> {
    const url = this.#endpoint.urlOf(to);
    for (const moveTo of ["address", "path"] as const) {
      const destination = moveTo === "address" ? url.href : url.pathname;
      const answer = await this.#endpoint.send({
        ...this.#call("MOVE", from),
        headers: { destination, overwrite: "T" },
      });
      answer.discard();
      if (passing.has(answer.status)) throw this.#endpoint.failure("moving a file", answer);
      if (answer.status < 200 || answer.status >= 300) continue;
      const moved = await this.#endpoint.send(this.#call("GET", to));
      if (moved.status === 200 && (await moved.bytes(answerLimit)).equals(bytes)) return moveTo;
    }
    return null;
  }

  async #quota(): Promise<boolean> {
    const bytes = Buffer.from(quotaProperties);
    const payload = payloadOf(bytes);
    const call = {
      ...this.#call("PROPFIND", ""),
      folder: true,
      headers: { depth: "0", "content-type": "application/xml" },
      payload,
    };
    const answer = await this.#endpoint.send(call);
    const text = await answer.bytes(answerLimit);
    if (answer.status !== 207) return false;
    return (await readQuota(text.toString("utf8"), this.#endpoint.base)) !== null;
  }

  /** The largest of ever smaller bodies that is taken. */
  async #large(path: string, largest: number): Promise<number> {
    for (let size = largest; size > small; size = Math.floor(size / 2)) {
      try {
        await this.#put(path, Buffer.alloc(size, 1));
        return size;
      } catch (error) {
        if (!(error instanceof RemoteFailure) || error.kind !== "too-big") throw error;
      }
    }
    return small;
  }

  #circumstances(): Pick<Call, "signal" | "tally"> {
    const { signal, tally } = this.#around;
    return {
      ...(signal === undefined ? {} : { signal }),
      ...(tally === undefined ? {} : { tally }),
    };
  }

  #call(method: string, path: string): Call {
    return { ...this.#circumstances(), method, path, what: "trying what it can do" };
  }
}
