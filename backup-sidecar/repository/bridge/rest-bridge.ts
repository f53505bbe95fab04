import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Bridge, BridgeSession, SessionOptions } from "./bridge.ts";
import { FileJournal } from "./file-journal.ts";
import { OpeningFiles } from "./opening-files.ts";
import type { RememberedFiles } from "./repository-files.ts";
import { RestSession, secret } from "./rest-session.ts";
import type { WebdavRemote } from "../webdav/webdav-remote.ts";

export interface RestBridgeSettings {
  /** For how long uploads that fail again and again are tried, in milliseconds; as the outages of the remote. */
  readonly uploadsFailMs: number;
  /** A directory on local disk for what is remembered of each repository; without, it is remembered until the bridge is closed. */
  readonly journals?: string;
  /** Told what people may want to know of the server, in sentences. */
  readonly note?: (text: string) => void;
}

/** restic's REST protocol on loopback. Each session has a secret path and a password of its own. */
export class RestBridge implements Bridge {
  readonly #remote: WebdavRemote;
  readonly #settings: RestBridgeSettings;
  readonly #server: Server;
  readonly #remembered = new Map<string, Promise<RememberedFiles>>();
  readonly #sessions = new Map<string, RestSession>();

  private constructor(remote: WebdavRemote, settings: RestBridgeSettings, server: Server) {
    this.#remote = remote;
    this.#settings = settings;
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void this.#route(request, response);
    });
  }

  static async listen(remote: WebdavRemote, settings: RestBridgeSettings): Promise<RestBridge> {
    // A request lasts as long as an outage is waited out.
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RestBridge(remote, settings, server);
  }

  async session(repositoryPath: string, options: SessionOptions = {}): Promise<BridgeSession> {
    options.signal?.throwIfAborted();
    const key = secret();
    const note = (text: string): void => this.#settings.note?.(text);
    const remembered = await this.#remember(repositoryPath);
    const { port } = this.#server.address() as AddressInfo;
    const session = new RestSession(this.#remote, repositoryPath, options, {
      url: `http://127.0.0.1:${port}/${key}/`,
      user: "restic",
      password: secret(),
      uploadsFailMs: this.#settings.uploadsFailMs,
      remembered,
      note,
      onClose: () => this.#sessions.delete(key),
    });
    this.#sessions.set(key, session);
    return session;
  }

  async forget(repositoryPath: string): Promise<void> {
    (await this.#remembered.get(repositoryPath))?.opening.forget();
  }

  /** The same for all sessions of a repository. */
  #remember(repositoryPath: string): Promise<RememberedFiles> {
    const known =
      this.#remembered.get(repositoryPath) ??
      FileJournal.open(this.#settings.journals ?? null, repositoryPath, (reason) =>
        this.#settings.note?.(`What was remembered of ${repositoryPath} cannot be read: ${reason}`),
      ).then((journal) => ({ journal, opening: new OpeningFiles() }));
    this.#remembered.set(repositoryPath, known);
    return known;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await session.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://loopback");
    const [, key = "", ...rest] = pathname.split("/");
    const session = this.#sessions.get(key);
    if (session === undefined) return void response.writeHead(403).end();
    await session.answer(request, response, rest.join("/").replace(/\/$/, ""), searchParams);
  }
}
