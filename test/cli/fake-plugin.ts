import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ExecutionContext } from "ava";
import type { Verb, Verbs } from "../../storage/verbs.ts";
import type { Said, Work, Works } from "../../storage/works.ts";

/** What the fake answers, verb by verb; may throw a {@link Refusal}. A verb that is missing is unknown: 404. */
export type Answers = {
  readonly [V in Verb]?: (
    request: Verbs[V]["request"],
  ) => Verbs[V]["answer"] | Promise<Verbs[V]["answer"]>;
} & {
  /** Each thing that is said; broken off where the last is neither an answer nor a failure. */
  readonly [W in Work]?: (request: Works[W]["request"]) => readonly Said<W>[];
};

const works: ReadonlySet<string> = new Set<Work>(["Bench", "Import", "Export"]);

export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface FakePlugin {
  /** As Docker's `/run/docker/plugins`. */
  readonly directory: string;
  readonly socket: string;
  /** `SetApp {"app":"blog",…}`, in the order in which they came. */
  readonly requests: readonly string[];
}

/** Serves `answers` on a real unix socket until the test is over. */
export async function startFakePlugin(t: ExecutionContext, answers: Answers): Promise<FakePlugin> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void serve(request, response, answers, requests);
  });
  const directory = await mkdtemp(join(tmpdir(), "swarmnfs-cli-"));
  const socket = join(directory, "swarmnfs.sock");
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  t.teardown(async () => {
    server.close();
    server.closeAllConnections();
    await rm(directory, { recursive: true, force: true });
  });
  return { directory, socket, requests };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answers: Answers,
  requests: string[],
): Promise<void> {
  const body = await text(request);
  const verb = (request.url ?? "").replace("/Swarmnfs.", "");
  requests.push(`${verb} ${body}`);
  const answer: unknown = Object.hasOwn(answers, verb) ? Reflect.get(answers, verb) : null;
  try {
    if (request.method !== "POST" || typeof answer !== "function") throw new Refusal("", "", 404);
    const said: unknown = await answer(JSON.parse(body));
    if (works.has(verb) && Array.isArray(said))
      response.end(said.map((line) => `${JSON.stringify(line)}\n`).join(""));
    else send(response, 200, said);
  } catch (error) {
    const { status, code, message } =
      error instanceof Refusal ? error : new Refusal("internal", String(error), 500);
    if (code === "")
      response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not found</h1>");
    else send(response, status, { code, message });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
