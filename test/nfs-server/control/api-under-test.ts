import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { ExecutionContext } from "ava";
import { pino } from "pino";
import { createControlApi, type ControlWorld } from "../../../nfs-server/control/api.ts";
import { Gatekeeper, type Limits, usualLimits } from "../../../nfs-server/control/gatekeeper.ts";
import type { Operations } from "../../../nfs-server/control/operation.ts";
import { Replays } from "../../../nfs-server/control/replays.ts";
import type { LiveNode } from "../../../nfs-server/nodes/live-node.ts";

export const node1: LiveNode = {
  id: "01953f5e-0000-7000-8000-000000000001",
  name: "node1",
  role: "node",
  address: "10.0.0.11",
};
export const boss: LiveNode = { ...node1, name: "boss", role: "admin" };

export interface Sent {
  readonly headers?: Record<string, string>;
  /** Sent as it is. */
  readonly raw?: string | Buffer;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface Got {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** A control API over plain HTTP, whose caller is who the test says. */
export class ApiUnderTest {
  readonly port: number;
  readonly lines: Record<string, unknown>[];
  caller: LiveNode | null;
  readonly time: { now: number };

  private constructor(port: number, lines: Record<string, unknown>[], time: { now: number }) {
    this.port = port;
    this.lines = lines;
    this.caller = node1;
    this.time = time;
  }

  static async start(
    t: ExecutionContext,
    operations: Operations,
    given: { limits?: Limits; world?: Partial<ControlWorld> } = {},
  ): Promise<ApiUnderTest> {
    const lines: Record<string, unknown>[] = [];
    const time = { now: 0 };
    const monotonic = () => time.now;
    let tested: ApiUnderTest | null = null;
    const app = createControlApi(operations, {
      door: {
        caller: () => {
          const caller = tested?.caller ?? null;
          return { address: "10.0.0.11", node: caller === null ? null : `${caller.id}@` };
        },
        authenticate: () => {
          const caller = tested?.caller ?? null;
          if (caller === null) throw new Error("nobody asks who a stranger is");
          return caller;
        },
      },
      gatekeeper: new Gatekeeper(given.limits ?? usualLimits, monotonic),
      replays: new Replays(monotonic),
      observations: {
        health: async () => ({ state: "ok", volumes: 3 }),
        metrics: async () => "swarmnfs_volumes 3\n",
      },
      log: pino(
        { level: "debug" },
        { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
      ),
      checkAnswers: true,
      ...given.world,
    });
    const server = createServer(app);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.teardown(() => {
      server.close();
      server.closeAllConnections();
    });
    tested = new ApiUnderTest((server.address() as AddressInfo).port, lines, time);
    return tested;
  }

  async send(
    method: string,
    path: string,
    { headers, raw, body, signal }: Sent = {},
  ): Promise<Got> {
    const sent = raw ?? (body === undefined ? null : JSON.stringify(body));
    const request = httpRequest({
      agent: false,
      host: "127.0.0.1",
      port: this.port,
      method,
      path,
      ...(signal === undefined ? {} : { signal }),
      headers: {
        ...(sent === null
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(sent) }),
        ...headers,
      },
    });
    request.end(sent ?? undefined);
    const [response] = (await once(request, "response")) as [import("node:http").IncomingMessage];
    const got = await text(response);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: got,
      body: parsed(got),
    };
  }
}

function parsed(given: string): Record<string, unknown> {
  try {
    return JSON.parse(given) as Record<string, unknown>;
  } catch {
    return {};
  }
}
