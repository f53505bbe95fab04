import type { Readable } from "node:stream";
import { createInterface } from "node:readline";
import type { Bridge, BridgeSession, SessionOptions } from "../repository/bridge/bridge.ts";
import { RemoteFailure } from "../repository/failure.ts";
import type { Permit } from "../repository/permit.ts";
import type { Remote } from "../repository/remote.ts";
import type { SourceView } from "../source/source-view.ts";
import type {
  AppRepository,
  BackupRequest,
  BackupResult,
  Change,
  CheckRequest,
  CheckResult,
  Found,
  Node,
  PrunePlan,
  RepositoryKey,
  RepositoryKeys,
  RepositoryStats,
  RestoreRequest,
  RestoreResult,
} from "./app-repository.ts";
import { backupInPacks } from "./backup-command.ts";
import { check } from "./check-command.ts";
import { forget } from "./forget-command.ts";
import { planPrune } from "./prune-plan.ts";
import type { Restic, ResticCall, ResticEnding } from "./restic.ts";
import { pathOf, pruneOptions, type Command, type Runner } from "./runner.ts";
import { changeOf, foundSchema, keysSchema, nodeOf, statsSchema } from "./restic-messages.ts";
import { restore } from "./restore-command.ts";
import { parseSnapshots, type Snapshot } from "./snapshot.ts";
import type { SnapshotMemory } from "./snapshot-memory.ts";

/** Nothing is written, so no lock is needed; who reads for long takes one nevertheless, so that nothing is pruned away. */
const reading: SessionOptions = { readOnly: true };

/** A server that lets nobody write, or has no room for it. */
const unwritable: ReadonlySet<RemoteFailure["kind"]> = new Set(["forbidden", "full"]);

/** What there is to connect: restic, the bridge, and the server itself. */
export interface Connection {
  readonly restic: Restic;
  readonly bridge: Bridge;
  readonly remote: Remote;
  readonly remembered: SnapshotMemory;
  /** Aborts when nothing may be written any more: the lease is lost, the service ends. */
  readonly signal?: AbortSignal;
}

/** An {@link AppRepository} by restic, through the bridge. */
export class ResticRepository implements AppRepository, Runner {
  readonly app: string;
  readonly id: string;
  readonly path: string;
  readonly #connection: Connection;

  /** `id` as found in its config. */
  constructor(app: string, id: string, connection: Connection) {
    this.app = app;
    this.id = id;
    this.path = pathOf(app);
    this.#connection = connection;
  }

  get restic(): Restic {
    return this.#connection.restic;
  }

  get remote(): Remote {
    return this.#connection.remote;
  }

  async snapshots(signal?: AbortSignal): Promise<readonly Snapshot[]> {
    const { remembered } = this.#connection;
    const args = ["snapshots", "--json", "--no-lock"];
    const read = async (): Promise<readonly Snapshot[]> =>
      parseSnapshots(await this.ask({ args, signal }, reading));
    return remembered.of(this.path, this.remote, read, signal);
  }

  backup(view: SourceView, request: BackupRequest): Promise<BackupResult> {
    return backupInPacks(this, this.restic.place.packs, view, request);
  }

  check(request: CheckRequest = {}): Promise<CheckResult> {
    return check(this, request);
  }

  forget(ids: readonly string[], permit: Permit, signal?: AbortSignal): Promise<void> {
    return forget(this, ids, permit, signal);
  }

  planPrune(signal?: AbortSignal): Promise<PrunePlan> {
    return planPrune(this, signal);
  }

  async prune(permit: Permit, signal?: AbortSignal): Promise<void> {
    await this.text({ args: ["prune", ...pruneOptions], signal }, { permit });
  }

  async repairIndex(signal?: AbortSignal): Promise<void> {
    const indexes = await this.remote.list(`${this.path}/index`, signal);
    const permit: Permit = {
      run: "repair index",
      kinds: ["index"],
      names: null,
      maxCount: indexes.length,
      maxBytes: indexes.reduce((sum, { size }) => sum + size, 0),
    };
    await this.text({ args: ["repair", "index"], signal }, { permit });
  }

  async restore(request: RestoreRequest): Promise<RestoreResult> {
    try {
      return await restore(this, request);
    } catch (error) {
      if (!(error instanceof RemoteFailure) || !unwritable.has(error.kind)) throw error;
      // Where not even restic's lock can be written, nothing can be pruned away meanwhile either.
      return restore(this, request, reading);
    }
  }

  async *ls(snapshot: string, path: string | null, signal?: AbortSignal): AsyncIterable<Node> {
    const args = ["ls", "--json", "--no-lock", "--recursive", snapshot, ...(path ? [path] : [])];
    for await (const message of this.#messages({ args, signal })) {
      const node = nodeOf(message);
      if (node !== null) yield node;
    }
  }

  async *diff(before: string, after: string, signal?: AbortSignal): AsyncIterable<Change> {
    const args = ["diff", "--json", "--no-lock", "--metadata", before, after];
    for await (const message of this.#messages({ args, signal })) {
      const change = changeOf(message);
      if (change !== null) yield change;
    }
  }

  async dump(snapshot: string, path: string, signal?: AbortSignal): Promise<Readable> {
    const args = ["dump", "--no-lock", snapshot, path];
    return (await this.#stream({ args, signal }, reading)).output;
  }

  async find(
    ids: readonly string[],
    kind: "pack" | "blob" | "tree",
    signal?: AbortSignal,
  ): Promise<readonly Found[]> {
    if (ids.length === 0) return [];
    const args = ["find", "--json", "--no-lock", `--${kind}`, ...ids];
    const found = foundSchema.parse((await this.ask({ args, signal }, reading)) ?? []);
    return found.flatMap(({ id, path, snapshot }) =>
      snapshot === undefined ? [] : [{ blob: id, path: path ?? null, snapshot }],
    );
  }

  async stats(signal?: AbortSignal): Promise<RepositoryStats> {
    const args = ["stats", "--json", "--no-lock", "--mode", "raw-data"];
    const told = statsSchema.parse(await this.ask({ args, signal }, reading));
    return {
      stored: told.total_size,
      uncompressed: told.total_uncompressed_size,
      snapshots: told.snapshots_count,
    };
  }

  get keys(): RepositoryKeys {
    const list = (signal?: AbortSignal): Promise<RepositoryKey[]> => this.#keys(signal);
    return {
      list,
      add: async (passwordFile, signal) => {
        const before = new Set((await list(signal)).map(({ id }) => id));
        await this.text({ args: ["key", "add", "--new-password-file", passwordFile], signal }, {});
        const added = (await list(signal)).find(({ id }) => !before.has(id));
        if (added === undefined) throw new Error("restic added a key, and it is not there");
        return added.id;
      },
      remove: async (id, permit, signal) => {
        await this.text({ args: ["key", "remove", id], signal }, { permit });
      },
    };
  }

  async run(call: Command, session: SessionOptions = {}): Promise<ResticEnding> {
    return this.#within(call, session, (whole) => this.restic.run(whole));
  }

  async text(call: Command, session: SessionOptions = {}): Promise<string> {
    return this.#within(call, session, (whole) => this.restic.text(whole));
  }

  async ask(call: Command, session: SessionOptions = {}): Promise<unknown> {
    return this.#within(call, session, (whole) => this.restic.ask(whole));
  }

  async #keys(signal?: AbortSignal): Promise<RepositoryKey[]> {
    const args = ["key", "list", "--json", "--no-lock"];
    return keysSchema
      .parse(await this.ask({ args, signal }, reading))
      .map(({ id, hostName, userName, created, current }) => ({
        id,
        host: hostName,
        user: userName,
        created,
        current,
      }));
  }

  /** A session for one call, which ends when the server is in trouble; that is what is thrown then. */
  async #within<Result>(
    call: Command,
    options: SessionOptions,
    work: (whole: ResticCall) => Promise<Result>,
  ): Promise<Result> {
    const session = await this.#connection.bridge.session(this.path, options);
    const attended = attend(session, [call.signal, this.#connection.signal]);
    const end = options.readOnly === true ? () => undefined : this.restic.begin(this.path);
    try {
      const result = await work({ ...call, ...attended.call });
      // What restic takes for damage may be a server that is away.
      if (session.trouble !== null) throw session.trouble;
      return result;
    } catch (error) {
      throw session.trouble ?? error;
    } finally {
      end();
      attended.stop();
      await session.close();
    }
  }

  async #stream(
    call: Command,
    options: SessionOptions,
  ): Promise<{ readonly output: Readable; readonly ended: Promise<void> }> {
    const session = await this.#connection.bridge.session(this.path, options);
    const attended = attend(session, [call.signal, this.#connection.signal]);
    const streaming = this.restic.stream({ ...call, ...attended.call });
    const end = async (): Promise<void> => {
      await streaming.ended;
      attended.stop();
      await session.close();
    };
    return { output: streaming.output, ended: end() };
  }

  async *#messages(call: Command): AsyncIterable<unknown> {
    const { output, ended } = await this.#stream(call, reading);
    const lines = createInterface({ input: output, crlfDelay: Infinity });
    const failures: Error[] = [];
    // readline would end as if all had been read.
    output.once("error", (error: Error) => {
      failures.push(error);
      lines.close();
    });
    try {
      for await (const line of lines) if (line.startsWith("{")) yield JSON.parse(line) as unknown;
      for (const failure of failures) throw failure;
    } finally {
      output.destroy();
      await ended;
    }
  }
}

function attend(
  session: BridgeSession,
  signals: readonly (AbortSignal | undefined)[],
): { readonly call: Pick<ResticCall, "environment" | "signal" | "pulse">; stop(): void } {
  const trouble = new AbortController();
  const stop = session.onTrouble(() => trouble.abort());
  const all = [...signals.filter((signal) => signal !== undefined), trouble.signal];
  const pulse = (): number => session.counts.sentBytes + session.counts.receivedBytes;
  return { call: { environment: session.environment, signal: AbortSignal.any(all), pulse }, stop };
}
