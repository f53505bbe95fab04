import { randomUUID } from "node:crypto";
import type { Call, Endpoint, Tally } from "../http/endpoint.ts";
import { RemoteFailure } from "../failure.ts";
import type { Folders } from "./folders.ts";
import type { Presence } from "./presence.ts";
import type { Abilities } from "../target/profile.ts";
import { ReadBack, Untrue } from "./read-back.ts";
import { parentOf, temporaryFolder } from "../remote-path.ts";
import type { WriteFacts } from "../remote.ts";
import type { Upload } from "./upload.ts";

/** Thrown instead of repeating: the body has gone, and whoever has it must send it again. The server is well by now. */
export class BodySpent extends Error {
  readonly failure: RemoteFailure;

  constructor(failure: RemoteFailure) {
    super("the body was sent and cannot be sent again", { cause: failure });
    this.failure = failure;
  }
}

export interface DeliveryAround {
  readonly folders: Folders;
  readonly presence: Presence;
  readonly abilities: () => Abilities;
  readonly signal?: AbortSignal;
  readonly tally?: Tally;
}

/** A server that said so often that it had stored what it had not will say so again. */
const mostUntruths = 3;

/**
 * One file on its way to its final name: sent under a temporary one, read back, moved. Each attempt goes on where the last one
 * failed. Servers without MOVE get it under its final name at once.
 */
export class Delivery {
  readonly #path: string;
  readonly #upload: Upload;
  readonly #facts: WriteFacts;
  readonly #around: DeliveryAround;
  readonly #temporary = `${temporaryFolder}/${randomUUID()}`;
  #stored = false;
  #moving = false;
  #failure: RemoteFailure | null = null;
  #untruths = 0;
  #wasHomeless = false;

  constructor(path: string, upload: Upload, facts: WriteFacts, around: DeliveryAround) {
    this.#path = path;
    this.#upload = upload;
    this.#facts = facts;
    this.#around = around;
  }

  /** Settles when the file is there under its name. May be repeated after a failure. */
  async attempt(endpoint: Endpoint): Promise<void> {
    const direct = !this.#around.abilities().move;
    try {
      if (!this.#stored) await this.#store(endpoint, direct ? this.#path : this.#temporary);
      if (!direct) await this.#move(endpoint);
    } catch (error) {
      if (error instanceof RemoteFailure) this.#failure = error;
      if (error instanceof Untrue && ++this.#untruths >= mostUntruths) throw error.final();
      throw error;
    }
  }

  /** Takes away what an abandoned delivery has left. Failures do not matter: it is swept later. */
  async abandon(endpoint: Endpoint): Promise<void> {
    if (!this.#around.abilities().move) return;
    const answer = await endpoint.send({
      method: "DELETE",
      path: this.#temporary,
      what: "clearing up",
      signal: AbortSignal.timeout(2000),
    });
    answer.discard();
  }

  async #store(endpoint: Endpoint, path: string): Promise<void> {
    // All of it went out, and only the answer was lost: look before sending it again.
    if (this.#failure !== null && this.#upload.sha256 !== "" && (await this.#kept(endpoint, path)))
      return;
    if (this.#failure !== null && !this.#upload.repeatable) {
      await this.#around.presence.confirm(endpoint, this.#around);
      throw new BodySpent(this.#failure);
    }
    await this.#around.folders.ensure(endpoint, parentOf(path), this.#around);
    const call = this.#call("PUT", path, "storing a file");
    const answer = await endpoint.send({
      ...call,
      headers: { "content-type": "application/octet-stream" },
      payload: this.#upload,
    });
    answer.discard();
    if (answer.status === 404 || answer.status === 409) await this.#homeless(endpoint, path);
    if (answer.status < 200 || answer.status >= 300) throw endpoint.failure(call.what, answer);
    await this.#readBack(endpoint, path);
  }

  async #readBack(endpoint: Endpoint, path: string): Promise<void> {
    const { sha256 } = this.#facts;
    if (sha256 !== undefined && sha256 !== this.#upload.sha256)
      throw new RemoteFailure(
        "server",
        "What was to be written is not what it should be: nothing was stored",
        { waitingHelps: false },
      );
    await new ReadBack(endpoint, this.#around).check(path, this.#upload);
    this.#stored = true;
  }

  async #kept(endpoint: Endpoint, path: string): Promise<boolean> {
    try {
      await this.#readBack(endpoint, path);
      return true;
    } catch (error) {
      if (error instanceof Untrue) return false;
      throw error;
    }
  }

  /** The folder that should be there is not. Made anew, unless nothing of ours is there any more. */
  async #homeless(endpoint: Endpoint, path: string): Promise<never> {
    this.#around.folders.forget(parentOf(path));
    await this.#around.presence.confirm(endpoint, this.#around);
    const atOnce = this.#wasHomeless ? {} : { retryAfterMs: 0 };
    this.#wasHomeless = true;
    throw new RemoteFailure("server", `"${endpoint.base.host}" has lost a folder of ours`, atOnce);
  }

  async #move(endpoint: Endpoint): Promise<void> {
    // The answer to a MOVE that was done may have been lost.
    if (this.#moving && (await this.#arrived(endpoint))) return;
    const parent = parentOf(this.#path);
    await this.#around.folders.ensure(endpoint, parent, this.#around);
    this.#moving = true;
    let answer = await endpoint.send(this.#moveCall(endpoint));
    answer.discard();
    // What servers say when the folder is missing: 409, Apache 500, rclone 403. 207: something of it was not done.
    if ([207, 403, 404, 409, 500].includes(answer.status)) {
      if (await this.#arrived(endpoint)) return;
      this.#around.folders.forget(parent);
      await this.#around.presence.confirm(endpoint, this.#around);
      await this.#around.folders.ensure(endpoint, parent, this.#around);
      answer = await endpoint.send(this.#moveCall(endpoint));
      answer.discard();
    }
    if (answer.status === 404) {
      // Swept away under our hands: it has to be sent once more.
      this.#stored = false;
      this.#moving = false;
      throw new RemoteFailure(
        "server",
        `"${endpoint.base.host}" has lost a file that it had taken`,
      );
    }
    if (answer.status === 207 || answer.status < 200 || answer.status >= 300)
      throw endpoint.failure("moving a file", answer);
  }

  /** Whether the file is under its final name and not under the temporary one any more. */
  async #arrived(endpoint: Endpoint): Promise<boolean> {
    const back = new ReadBack(endpoint, this.#around);
    if ((await back.size(this.#temporary)) !== null) return false;
    return (await back.size(this.#path)) === this.#upload.size;
  }

  #moveCall(endpoint: Endpoint): Call {
    return {
      ...this.#call("MOVE", this.#temporary, "moving a file"),
      headers: {
        destination: this.#around.abilities().destination(endpoint.urlOf(this.#path)),
        overwrite: "T",
      },
    };
  }

  #call(method: string, path: string, what: string): Call {
    const { signal, tally } = this.#around;
    return {
      method,
      path,
      what,
      ...(signal === undefined ? {} : { signal }),
      ...(tally === undefined ? {} : { tally }),
    };
  }
}
