import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { pino } from "pino";
import { v7 as uuid } from "uuid";
import { createControlApi } from "../../nfs-server/control/api.ts";
import { networkDoor, type Door } from "../../nfs-server/control/door.ts";
import { Gatekeeper, usualLimits } from "../../nfs-server/control/gatekeeper.ts";
import { Listener } from "../../nfs-server/control/listener.ts";
import { Replays } from "../../nfs-server/control/replays.ts";
import { type LiveNode, localAdmin } from "../../nfs-server/nodes/live-node.ts";
import type { Peer } from "../../nfs-server/nodes/peer.ts";
import { loadPolicy } from "../../nfs-server/policy/policy.ts";
import { assemble, type Server } from "../../nfs-server/server.ts";
import { parseSettings } from "../../nfs-server/settings.ts";
import { systemClock } from "../../service/clock.ts";
import { DirectoryStorage } from "../../storage/directory/directory-storage.ts";
import { ServerName } from "../../storage/nfs/server-name.ts";
import type { NodeIdentity } from "../../storage/storage.ts";
import { ControlClient } from "../../storage/swarmnfs/control-client.ts";
import { TlsEndpoint } from "../../storage/swarmnfs/endpoint.ts";
import { certificateRequest } from "../../storage/swarmnfs/certificate-request.ts";
import { enrol } from "../../storage/swarmnfs/enrolment.ts";
import type { NodeCredentials } from "../../storage/swarmnfs/node-credentials.ts";
import type { GivenRole } from "../../storage/swarmnfs/protocol/node.ts";
import type { ParamsOf } from "../../storage/swarmnfs/protocol/params.ts";
import type { AnswerOf, BodyOf, RouteName } from "../../storage/swarmnfs/protocol/routes.ts";
import { FakeExports, FakeNfsClients } from "./fake-kernel-side.ts";

/** A node that has joined, and how it asks. */
export interface JoinedNode {
  readonly id: string;
  readonly name: string;
  readonly credentials: NodeCredentials;
  call<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
  ): Promise<AnswerOf<Name>>;
}

/**
 * The whole agent in this process, without a kernel: on a data disk in a temporary directory, its control API with TLS on
 * 127.0.0.1. Everybody calls from there, so each node gets an address of its own, 10.77.0.11 and so on, by its certificate.
 */
export class AgentUnderTest {
  readonly data: string;
  readonly host = "127.0.0.1";
  exports = new FakeExports();
  readonly clients = new FakeNfsClients();
  /** By node id; change it to let a node move. */
  readonly addresses = new Map<string, string>();
  /** What it logged. */
  readonly lines: Record<string, unknown>[] = [];
  /** Milliseconds by which terms have advanced beyond the time that really passed. */
  skippedMs = 0;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #askBoundMs: number;
  #listener: Listener | null = null;
  #server: Server | null = null;
  #port = 0;
  #toClose: ControlClient[] = [];

  private constructor(
    data: string,
    environment: Readonly<Record<string, string>>,
    askBoundMs: number,
  ) {
    this.data = data;
    this.#environment = environment;
    this.#askBoundMs = askBoundMs;
  }

  /**
   * `environment`: SWARMNFS_… variables of the server. `askBoundMs`: how long holders of exclusive volumes are waited for,
   * as usual unless the test knows that nobody answers. It goes with the test.
   */
  static async start(
    t: ExecutionContext,
    environment: Readonly<Record<string, string>> = {},
    askBoundMs = 6_000,
  ): Promise<AgentUnderTest> {
    const data = await mkdtemp(join(tmpdir(), "swarmnfs-agent-"));
    const agent = new AgentUnderTest(data, environment, askBoundMs);
    t.teardown(async () => {
      await agent.stop();
      for (const client of agent.#toClose) client.close();
      await rm(data, { recursive: true, force: true });
    });
    await agent.begin();
    return agent;
  }

  /** Begins where an earlier life ended, on the same port. */
  async begin(): Promise<void> {
    const settings = parseSettings({ SWARMNFS_ADDRESS: this.host, ...this.#environment });
    const log = pino(
      { level: "debug" },
      { write: (line) => this.lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const monotonic = (): number => performance.now() + this.skippedMs;
    this.exports = new FakeExports();
    const server = await assemble({
      settings: { ...settings, data: this.data },
      policy: await loadPolicy(settings),
      storage: this.#storage(settings.trashDays),
      exports: this.exports,
      clients: this.clients,
      isolation: "subtree_check",
      quota: async () => "none",
      address: () => this.host,
      place: () => this.#listener?.place ?? null,
      config: () => ({ settings: [], notes: [] }),
      notes: () => [],
      clock: systemClock,
      monotonic,
      log,
      askBoundMs: this.#askBoundMs,
    });
    const api = createControlApi(server.operations, {
      door: this.#door(server),
      gatekeeper: new Gatekeeper(usualLimits, monotonic),
      replays: new Replays(monotonic),
      observations: { health: async () => ({ state: "ok" }), metrics: async () => "" },
      log,
      checkAnswers: true,
    });
    const { authority } = server.nodes;
    const patience = { closeMs: 200 };
    this.#listener = new Listener(api, { authority, port: this.#port, log, ...patience });
    await this.#listener.listen(this.host);
    this.#port = Number(this.#listener.place?.split(":").at(-1));
    this.#server = server;
  }

  /** As after SIGTERM. */
  async stop(): Promise<void> {
    const [server, listener] = [this.#server, this.#listener];
    this.#server = null;
    await server?.stop();
    await listener?.close();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.begin();
  }

  /** Stays the same over restarts. */
  get port(): number {
    return this.#port;
  }

  get server(): Server {
    if (this.#server === null) throw new Error("the agent does not run");
    return this.#server;
  }

  /** Asks as the administrator on the storage node itself. */
  admin<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
  ): Promise<AnswerOf<Name>> {
    const { signal } = new AbortController();
    return this.server.operations[name]({ node: localAdmin, params, body, signal });
  }

  /** A join token for a node of this name. */
  async token(node: string, role: GivenRole = "node"): Promise<string> {
    const asked = { node, cidr: null, validMs: 600_000, replace: true, role };
    return (await this.admin("token", {}, asked)).token;
  }

  /** A node joins by a token, over the network. */
  async join(name: string, id: string = uuid(), role: GivenRole = "node"): Promise<JoinedNode> {
    const node: NodeIdentity = { id, name };
    const at = new ServerName(this.host, async () => [this.host], systemClock);
    const credentials = await enrol(node, await this.token(name, role), at, this.port, () =>
      certificateRequest(node),
    );
    const { authority, certificate, key } = credentials;
    const client = new ControlClient(
      new TlsEndpoint(at, this.port, { authority, certificate, key }),
    );
    this.#toClose.push(client);
    const patience = { timeoutMs: 30_000 };
    return {
      ...node,
      credentials,
      call: (route, params, body) => client.call(route, params, body, patience),
    };
  }

  /** The address from which a node is taken to call. */
  addressOf(id: string): string {
    const known = this.addresses.get(id);
    if (known !== undefined) return known;
    const made = `10.77.0.${11 + this.addresses.size}`;
    this.addresses.set(id, made);
    return made;
  }

  /** What the kernel would show to a node; null: nothing. */
  shown(node: { readonly id: string }, volume: string): ReturnType<FakeExports["shownAt"]> {
    return this.exports.shownAt(this.addressOf(node.id), volume);
  }

  /** Lets time pass for terms. */
  skip(ms: number): void {
    this.skippedMs += ms;
  }

  #storage(trashDays: number): DirectoryStorage {
    const settings = { url: "swarmnfs://storage1", path: this.data, trashDays, makeRoot: false };
    return new DirectoryStorage({ ...settings, served: true }, { clock: systemClock });
  }

  #door(server: Server): Door {
    const placed = ({ certificate, address, trouble }: Peer): Peer => ({
      certificate,
      address: certificate === null ? address : this.addressOf(certificate.id),
      trouble,
    });
    return networkDoor({
      authenticate: (peer): LiveNode => server.nodes.authenticate(placed(peer)),
    });
  }
}
