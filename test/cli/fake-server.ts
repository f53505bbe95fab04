import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ExecutionContext } from "ava";
import type { Route } from "../../storage/swarmnfs/protocol/route.ts";
import { routes, type AnswerOf, type RouteName } from "../../storage/swarmnfs/protocol/routes.ts";
import { Refusal } from "./fake-plugin.ts";

/** What the fake answers, route by route; may throw a {@link Refusal}. */
export type ServerAnswers = {
  readonly [Name in RouteName]?: (body: unknown) => AnswerOf<Name>;
};

export interface FakeServer {
  readonly socket: string;
  /** `POST /v1/tokens {…}`, in the order in which they came. */
  readonly requests: readonly string[];
}

/** Serves `answers` as the storage server's socket does, until the test is over. */
export async function startFakeServer(
  t: ExecutionContext,
  directory: string,
  answers: ServerAnswers,
): Promise<FakeServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void serve(request, response, answers, requests);
  });
  const socket = join(directory, "server.sock");
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { socket, requests };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answers: ServerAnswers,
  requests: string[],
): Promise<void> {
  const body = await text(request);
  requests.push(`${request.method} ${request.url} ${body}`.trimEnd());
  try {
    const name = nameOf(request.method ?? "", request.url ?? "");
    send(response, 200, answers[name]?.(body === "" ? undefined : JSON.parse(body)) ?? {});
  } catch (error) {
    const { status, code, message } =
      error instanceof Refusal ? error : new Refusal("internal", String(error), 500);
    const type = `urn:swarmnfs:problem:${code}`;
    send(response, status, { type, title: "No", status, code, detail: message });
  }
}

function send(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
}

function nameOf(method: string, url: string): RouteName {
  const found = Object.entries<Route>(routes).find(
    ([, route]) =>
      route.method === method &&
      new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}$`).test(url),
  );
  if (found === undefined) throw new Refusal("unsupported", `no ${method} ${url}`, 404);
  return found[0] as RouteName;
}
