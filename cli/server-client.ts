import type { Clock } from "../service/clock.ts";
import { UserError } from "../service/user-error.ts";
import { ControlClient } from "../storage/swarmnfs/control-client.ts";
import { SocketEndpoint } from "../storage/swarmnfs/endpoint.ts";
import type { ParamsOf } from "../storage/swarmnfs/protocol/params.ts";
import type { AnswerOf, BodyOf, RouteName } from "../storage/swarmnfs/protocol/routes.ts";
import { codeOf } from "./plugin-socket.ts";
import type { Progress } from "./progress.ts";
import { containerStart, notYet } from "./server-start.ts";

/** Where the storage server listens for administrators, in its container. */
export const serverSocket = "/run/swarmnfs/server.sock";

/** The storage server in whose container we are. */
export interface StorageServer {
  /** Asks one route; `doing` says in words what is waited for. Throws `UserError` with what the server says. */
  ask<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
    doing: string,
  ): Promise<AnswerOf<Name>>;
}

export class ServerClient implements StorageServer {
  readonly #path: string;
  readonly #client: ControlClient;
  readonly #progress: Progress;
  readonly #limitMs: number;
  readonly #clock: Clock;

  constructor(path: string, progress: Progress, limitMs: number, clock: Clock) {
    this.#path = path;
    this.#client = new ControlClient(new SocketEndpoint(path));
    this.#progress = progress;
    this.#limitMs = limitMs;
    this.#clock = clock;
  }

  ask<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
    doing: string,
  ): Promise<AnswerOf<Name>> {
    const work = this.#client.call(name, params, body, { timeoutMs: this.#limitMs });
    return this.#progress.during(doing, work).catch(async (error: unknown) => {
      throw await this.#explain(error);
    });
  }

  async #explain(error: unknown): Promise<unknown> {
    const code = error instanceof Error ? codeOf(error.cause) : "";
    if (code === "EACCES" || code === "EPERM") {
      return new UserError("denied", `only root may open ${this.#path}. Try again as root`);
    }
    if (code !== "ENOENT" && code !== "ECONNREFUSED" && code !== "ENOTSOCK") return error;
    const start = await containerStart(this.#path);
    if (start !== null) return notYet(start, this.#clock.now(), code !== "ENOENT");
    const found = code === "ENOENT" ? "there is no such socket" : "nobody listens there";
    return new UserError(
      "unavailable",
      `no storage server answers at ${this.#path}: ${found}. This command works on the storage node, in the server's container: docker compose -f nfs-server.compose.yml exec nfs-server swarmnfs … If that does not run, its log says why: docker compose -f nfs-server.compose.yml logs nfs-server`,
    );
  }
}
