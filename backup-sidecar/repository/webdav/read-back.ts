import type { Call, Endpoint, Tally } from "../http/endpoint.ts";
import { payloadOf } from "../http/exchange.ts";
import { RemoteFailure } from "../failure.ts";
import { properties, readListing } from "./multistatus.ts";
import type { Abilities } from "../target/profile.ts";
import { xmlType } from "./requests.ts";
import { smallBytes, type Upload } from "./upload.ts";

interface Around {
  readonly abilities: () => Abilities;
  readonly signal?: AbortSignal;
  readonly tally?: Tally;
}

/** Looks whether a server has kept what it said it had stored: servers that answer 201 to half a file are known. */
export class ReadBack {
  readonly #endpoint: Endpoint;
  readonly #around: Around;

  constructor(endpoint: Endpoint, around: Around) {
    this.#endpoint = endpoint;
    this.#around = around;
  }

  /**
   * Small files are compared whole; of larger ones the size and the last bytes, where the restic format has its header; where
   * the server gives no parts of files, the size. Throws `server`.
   */
  async check(path: string, upload: Upload): Promise<void> {
    if (upload.size <= smallBytes) return this.#compare(path, upload, {});
    if (!this.#around.abilities().ranges) return this.#sizeIs(upload.size, await this.size(path));
    return this.#compare(path, upload, {
      range: `bytes=${upload.size - upload.tail.length}-${upload.size - 1}`,
    });
  }

  /** Bytes of a file, null when there is none. */
  async size(path: string): Promise<number | null> {
    const call = this.#call("PROPFIND", path);
    const answer = await this.#endpoint.send({
      ...call,
      headers: { depth: "0", ...xmlType },
      payload: payloadOf(Buffer.from(properties)),
    });
    if (answer.status === 404 || answer.status === 410) {
      answer.discard();
      return null;
    }
    if (answer.status !== 207) {
      answer.discard();
      throw this.#endpoint.failure(call.what, answer);
    }
    const xml = (await answer.bytes(smallBytes)).toString("utf8");
    return (await readListing(xml, this.#endpoint.urlOf(path))).self.size;
  }

  async #compare(
    path: string,
    upload: Upload,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const call = this.#call("GET", path);
    const answer = await this.#endpoint.send({ ...call, headers });
    const { status } = answer;
    if (status === 404 || status === 410 || status === 416) {
      answer.discard();
      throw this.#untrue("has nothing of that size there");
    }
    if (status !== 206 && status !== 200) {
      answer.discard();
      throw this.#endpoint.failure(call.what, answer);
    }
    if (status === 200 && headers["range"] !== undefined) {
      answer.discard();
      return this.#sizeIs(upload.size, await this.size(path));
    }
    if (status === 206) {
      const total = Number(/\/(\d+)$/.exec(answer.headers["content-range"] ?? "")?.[1] ?? NaN);
      if (total !== upload.size) {
        answer.discard();
        return this.#sizeIs(upload.size, total);
      }
    }
    const kept = await answer.bytes(upload.tail.length + 1).catch((error: unknown) => {
      if (error instanceof RemoteFailure && error.kind === "server")
        throw this.#untrue("has kept more than that");
      throw error;
    });
    this.#sizeIs(upload.tail.length, kept.length);
    if (!kept.equals(upload.tail)) throw this.#untrue("has kept something else");
  }

  #sizeIs(sent: number, kept: number | null): void {
    if (kept !== sent) throw this.#untrue(`has kept ${kept ?? "none"} of ${sent} bytes`);
  }

  #untrue(how: string): RemoteFailure {
    return new Untrue(
      "server",
      `"${this.#endpoint.base.host}" said that it had stored a file, but ${how}: its disk may be full or broken, or a proxy in front of it cuts uploads`,
    );
  }

  #call(method: string, path: string): Call {
    const { signal, tally } = this.#around;
    return {
      method,
      path,
      what: "reading back what was stored",
      ...(signal === undefined ? {} : { signal }),
      ...(tally === undefined ? {} : { tally }),
    };
  }
}

/** A server that says it has what it has not. Waiting helps now and then, but not for long. */
export class Untrue extends RemoteFailure {
  /** The same, not to be waited for. */
  final(): RemoteFailure {
    return new RemoteFailure(this.kind, this.message, { cause: this, waitingHelps: false });
  }
}
