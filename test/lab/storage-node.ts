import type { Lab } from "../../lab/lab.ts";
import { startServer } from "../../lab/server.ts";
import type { Machine } from "../../lab/machine.ts";
import type { EnrolledNode } from "../../storage/swarmnfs/protocol/node.ts";
import type { ParamsOf } from "../../storage/swarmnfs/protocol/params.ts";
import {
  routes,
  type AnswerOf,
  type BodyOf,
  type RouteName,
} from "../../storage/swarmnfs/protocol/routes.ts";
import { eventually, say } from "./eventually.ts";

const compose = "cd /root && docker compose -f nfs-server.compose.yml";
// Without its volume it does not know which disk it had.
const down = `${compose} down --volumes --timeout 60`;
const patience = 120_000;

/** Asks the control API by the socket in the server's container, where everybody is an administrator. */
const asking = `
const [method, path, body] = process.argv.slice(1);
const request = require("node:http").request({ socketPath: "/run/swarmnfs/server.sock", method, path,
  headers: body === "" ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body), "idempotency-key": require("node:crypto").randomUUID() } },
  async (response) => {
    const text = (await Array.fromAsync(response)).join("");
    process.stdout.write(text);
    process.exitCode = response.statusCode === 200 || path === "/health" ? 0 : 1;
  });
request.end(body);`;

/** Who got or lost what, and when, by the machine's clock. */
export interface AuditLine {
  /** RFC 3339 with milliseconds. */
  readonly time: string;
  readonly node: string;
  readonly volume?: string | undefined;
}

/** Our NFS server on the lab's storage machine, as its administrator has it. */
export class StorageNode {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  get machine(): Machine {
    return this.#lab.storage;
  }

  /**
   * Starts it anew with these settings until {@link restore}, as on a machine that had none: it may be given another disk.
   * What it had before is on its disk.
   */
  async start(settings: Readonly<Record<string, string>>): Promise<void> {
    const all = { SWARMNFS_ADDRESS: this.machine.plan.address, ...settings };
    const lines = Object.entries(all).map(([name, value]) => `'${name}=${value}'`);
    await this.machine.must(
      `cd /root && { [ -e .env-before ] || cp .env .env-before; }; ${down}; printf '%s\\n' ${lines.join(" ")} >/root/.env`,
      { timeout: patience },
    );
    await startServer(this.#lab, say);
  }

  /** Starts it as it was before all {@link start}s. */
  async restore(): Promise<void> {
    await this.machine.must(`cd /root && [ -e .env-before ] && ${down} && mv .env-before .env`, {
      timeout: patience,
    });
    await startServer(this.#lab, say);
  }

  /** `docker compose LINE` there; returns what it printed, throws if it fails. */
  compose(line: string): Promise<string> {
    return this.machine.must(`${compose} ${line}`, { timeout: patience });
  }

  /** The agent's process on the machine. What it is told to do it does in whatever moment it is. */
  agent(): Promise<string> {
    return this.machine.must(`pgrep --full '^/usr/local/bin/node /app/main.mjs$'`);
  }

  /** Kills the agent as nobody can prevent, and waits until the next one answers. */
  async killAgent(): Promise<void> {
    const killed = await this.agent();
    await this.machine.must(`kill -9 ${killed}`);
    await this.agentAfter(killed);
  }

  /** Waits until another agent than that process answers. */
  async agentAfter(killed: string): Promise<void> {
    await eventually(
      async () => {
        const now = await this.agent().catch(() => killed);
        return now !== killed && (await this.ask("nodes", {}, undefined).catch(() => null));
      },
      "the next agent answers",
      patience,
    );
  }

  /** One route of the control API, as an administrator. Throws with what the server said. */
  async ask<Name extends RouteName>(
    name: Name,
    params: ParamsOf<Name>,
    body: BodyOf<Name>,
  ): Promise<AnswerOf<Name>> {
    const { method, path } = routes[name];
    const place = path.replaceAll(/:(\w+)/g, (_, param: string) =>
      encodeURIComponent(Reflect.get(params, param)),
    );
    const sent = body === undefined ? "" : JSON.stringify(body);
    return JSON.parse(await this.#said(method, place, sent)) as AnswerOf<Name>;
  }

  /** All that it has written down since `since`, a time as `date +%s` of the machine shows it. */
  log(since: string): Promise<string> {
    return this.machine.must(`${compose} logs --no-log-prefix --since ${since} nfs-server`, {
      timeout: patience,
    });
  }

  /** Lines of its log since `since` that say who got what, lost it, was shut out: those of one kind, the first one first. */
  async audit(since: string, kind: string): Promise<readonly AuditLine[]> {
    const text = await this.log(since);
    return text.split("\n").flatMap((line) => {
      if (!line.includes(`"audit":"${kind}"`)) return [];
      const { time, node, volume } = JSON.parse(line.slice(line.indexOf("{"))) as AuditLine;
      return [{ time, node, volume }];
    });
  }

  /** How the server sees the node of that name: `live`, `silent`, `fenced`; null: it does not know it. */
  async stateOf(name: string): Promise<EnrolledNode["state"] | null> {
    const { nodes } = await this.ask("nodes", {}, undefined);
    return nodes.find((each) => each.name === name && each.state !== "revoked")?.state ?? null;
  }

  /** Where the volume lies on the machine's disk. */
  async directoryOf(name: string): Promise<string> {
    const { app } = await this.ask("volume", { name }, undefined);
    return `/nfs_volumes/apps/${app}/${name}`;
  }

  /** What `/health` says, also when that is bad. */
  async health(): Promise<{ readonly state: string; readonly selfTest: unknown }> {
    const text = await this.#said("GET", "/health", "");
    return JSON.parse(text) as { state: string; selfTest: unknown };
  }

  /** What `/metrics` says of file handles that the kernel would not know. */
  async staleHandles(): Promise<number> {
    const text = await this.#said("GET", "/metrics", "");
    const [, count] = /^swarmnfs_stale_file_handles_total (\d+)$/m.exec(text) ?? [];
    if (count === undefined) throw new Error("/metrics says nothing of stale file handles");
    return Number(count);
  }

  now(): Promise<string> {
    return this.machine.must("date +%s");
  }

  async #said(method: string, place: string, sent: string): Promise<string> {
    const words = ["node", "-e", asking, method, place, sent].map(quoted).join(" ");
    const { exitCode, stdout, stderr } = await this.machine.run(
      `${compose} exec -T nfs-server ${words}`,
      { timeout: patience },
    );
    if (exitCode !== 0) throw new Error(`${method} ${place}: ${stdout}${stderr}`);
    return stdout;
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
