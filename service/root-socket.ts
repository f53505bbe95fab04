import { once } from "node:events";
import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { UserError } from "./user-error.ts";

/** HTTP on a unix socket that only root of this container may open. */
export class RootSocket {
  readonly #server: Server;
  readonly #path: string;
  readonly #what: string;

  /** `what` listens, in words for people: `storage server`. */
  constructor(api: RequestListener, path: string, what: string) {
    this.#server = createServer(api);
    this.#path = path;
    this.#what = what;
  }

  /** Takes the place of a socket that nobody listens on. Throws `conflict` when somebody does. */
  async listen(): Promise<void> {
    const folder = dirname(this.#path);
    // Nobody but root gets at the socket, not even before it has its own mode.
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o700);
    if (await isAnswered(this.#path)) {
      throw new UserError(
        "conflict",
        `another ${this.#what} runs already: it listens on ${this.#path}`,
      );
    }
    await rm(this.#path, { force: true });
    this.#server.listen(this.#path);
    await once(this.#server, "listening");
    await chmod(this.#path, 0o600);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
