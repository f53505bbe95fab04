import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ExecutionContext } from "ava";
import { systemClock } from "../../../service/clock.ts";
import { UserError } from "../../../service/user-error.ts";
import { ServerName } from "../../../storage/nfs/server-name.ts";
import { formatJoinToken } from "../../../storage/swarmnfs/join-token.ts";
import type { NodeCredentials } from "../../../storage/swarmnfs/node-credentials.ts";
import type { ProblemCode } from "../../../storage/swarmnfs/protocol/problem.ts";
import {
  routes,
  type AnswerOf,
  type BodyOf,
  type RouteName,
} from "../../../storage/swarmnfs/protocol/routes.ts";
import type { SwarmnfsPlace } from "../../../storage/swarmnfs/swarmnfs-url.ts";
import { TestAuthority } from "./test-authority.ts";

/** What it says of itself where a test does not care. */
export const storageView = {
  id: "018f0000-0000-7000-8000-00000000000a",
  version: "0.1.0",
  nfs: { address: "10.0.0.5", port: 2049 },
  isolation: "subtree_check",
  quota: "xfs",
} as const;

export interface FakeCall<Name extends RouteName> {
  readonly params: Readonly<Record<string, string>>;
  readonly body: BodyOf<Name>;
  /** The common name of the caller's certificate; null without one. */
  readonly peer: string | null;
  readonly key: string | null;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
}

type Handlers = {
  [Name in RouteName]?: (call: FakeCall<Name>) => Promise<AnswerOf<Name>> | AnswerOf<Name>;
};

/** What a control API says when it refuses. */
export class FakeProblem extends Error {
  readonly code: ProblemCode;

  constructor(code: ProblemCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** A control API that answers what a test tells it to. */
export class FakeControlServer {
  readonly authority: TestAuthority;
  handlers: Handlers = {};
  /** `attach`, `renew`: what was asked, in order. */
  readonly calls: string[] = [];
  /** How many connections were made to it. */
  connections = 0;
  #server: Server;
  #port = 0;

  private constructor(authority: TestAuthority, server: Server) {
    this.authority = authority;
    this.#server = server;
    server.on("secureConnection", () => (this.connections += 1));
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  /** Ends with the test. */
  static async start(
    t: ExecutionContext,
    named = "swarmnfs-server",
    authority?: TestAuthority,
  ): Promise<FakeControlServer> {
    const own = authority ?? (await TestAuthority.make());
    const { certificate, key } = await own.issue(named);
    const server = createServer({
      cert: `${certificate}\n${own.certificate}`,
      key,
      ca: own.certificate,
      requestCert: true,
      rejectUnauthorized: false,
    });
    const fake = new FakeControlServer(own, server);
    await fake.listen();
    t.teardown(() => fake.stop());
    return fake;
  }

  async listen(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(this.#port, "127.0.0.1", resolve);
    await promise;
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Connections are cut; `listen` begins anew on the same port. */
  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  /** Connections that wait for use are closed, as a server does now and again. */
  dropIdle(): void {
    this.#server.closeIdleConnections();
  }

  get place(): SwarmnfsPlace {
    return { url: "swarmnfs://storage1", host: "storage1", port: this.#port };
  }

  get name(): ServerName {
    return new ServerName("storage1", async () => ["127.0.0.1"], systemClock);
  }

  token(node = "node1"): string {
    return formatJoinToken({ ca: this.authority.fingerprint, node, secret: "secret" });
  }

  async credentials(nodeId: string, from?: number, to?: number): Promise<NodeCredentials> {
    const issued = await this.authority.issue(nodeId, from, to);
    const authority = this.authority.certificate;
    return { schema: 1, nodeId, ...issued, authority, token: "0" };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const life = new AbortController();
    response.on("close", () => life.abort());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      const { name, params } = routeOf(request);
      this.calls.push(name);
      const socket = request.socket as TLSSocket;
      const peer = socket.authorized ? socket.getPeerCertificate().subject.CN : null;
      if (peer === null && routes[name].who !== "anyone")
        throw new FakeProblem("unknown-node", "without a certificate nothing is answered");
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      const handle = this.handlers[name] as ((call: FakeCall<RouteName>) => unknown) | undefined;
      if (handle === undefined) throw new FakeProblem("internal", `nobody answers ${name}`);
      const answer = await handle({
        params,
        body: routes[name].body.parse(body),
        peer: typeof peer === "string" ? peer : null,
        key: request.headers["idempotency-key"]?.toString() ?? null,
        signal: life.signal,
      });
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    } catch (error) {
      const known = error instanceof FakeProblem || error instanceof UserError;
      const code = known ? error.code : "internal";
      const detail = error instanceof Error ? error.message : String(error);
      response.writeHead(400, { "content-type": "application/problem+json" });
      const type = `urn:swarmnfs:problem:${code}`;
      response.end(JSON.stringify({ type, title: code, status: 400, detail, code }));
    }
  }
}

function routeOf({ method, url = "" }: IncomingMessage): {
  readonly name: RouteName;
  readonly params: Record<string, string>;
} {
  for (const [name, route] of Object.entries(routes)) {
    const pattern = new RegExp(`^${route.path.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)")}$`);
    const found = pattern.exec(url);
    if (found === null || route.method !== method) continue;
    const params = Object.entries(found.groups ?? {});
    return {
      name: name as RouteName,
      params: Object.fromEntries(params.map(([key, value]) => [key, decodeURIComponent(value)])),
    };
  }
  throw new FakeProblem("not-found", `no route ${method} ${url}`);
}
