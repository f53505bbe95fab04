import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { transferPlace, type TransferPlace } from "../../storage/rules/transfer-place.ts";
import type { NodeIdentity } from "../../storage/storage.ts";
import {
  transferLineSchema,
  type TransferProgress,
  type TransferReport,
} from "../../storage/transfer/transfer-report.ts";
import type { ExportRequest, ImportRequest, TransferAnswer } from "../../storage/works.ts";
import type { Passes } from "../benchmark/passes.ts";
import type { Side, TransferEngine } from "./transfer-engine.ts";

/** What is said at least that often, so that nobody takes it for dead, milliseconds. */
const tellEveryMs = 5_000;

export interface TransferParts {
  readonly engine: TransferEngine;
  /** The name by which the engine knows us. */
  readonly driver: () => Promise<string>;
  readonly node: NodeIdentity;
  readonly passes: Passes;
  /** The volume as it is now; null if there is none. */
  readonly look: (volume: string) => Promise<VolumeRecord | null>;
  readonly create: (volume: string, app: string) => Promise<void>;
  /** Who has it mounted, here and on other nodes, in words. */
  readonly usersOf: (volume: string) => readonly string[];
  readonly log: Log;
}

type Tell = (progress: TransferProgress) => void;

/** Brings data into volumes and out of them, by a container of our own that has both mounted. */
export class Transfers {
  readonly #parts: TransferParts;
  readonly #running = new Set<string>();

  constructor(parts: TransferParts) {
    this.#parts = parts;
  }

  /** Throws `UserError`; what was copied by then stays, for the same request to go on with. */
  async import(request: ImportRequest, tell: Tell, signal: AbortSignal): Promise<TransferAnswer> {
    const { engine, driver, node, look, create, log } = this.#parts;
    const { source, app, volume, live } = request;
    const from = await this.#side(transferPlace(source), "source");
    if (!live) refuseUsed(source, await engine.usersOf(from));
    if ((await look(volume)) === null) await create(volume, app);
    const record = await this.#ready(volume);
    if (record.app !== app)
      throw new UserError(
        "conflict",
        `volume "${volume}" is of app "${record.app}", and app "${app}" was said. Choose another name, or the other app`,
      );
    this.#refuseMounted(volume);
    log.info({ audit: "import", volume, app, source }, "data is brought into a volume");
    const to = { kind: "volume", name: volume, driver: await driver() } as const;
    const job = { name: `swarmnfs-import-${volume}`, what: `${source} of ${node.name}`, from, to };
    return { volume, report: await this.#run(record, job, tell, signal) };
  }

  /** The way back. */
  async export(request: ExportRequest, tell: Tell, signal: AbortSignal): Promise<TransferAnswer> {
    const { driver, log } = this.#parts;
    const { volume, target, live } = request;
    const record = await this.#ready(volume);
    const to = await this.#side(transferPlace(target), "target");
    if (!live) this.#refuseMounted(volume);
    log.info({ audit: "export", volume, target }, "a volume's data is copied out");
    const from = { kind: "volume", name: volume, driver: await driver() } as const;
    const what = `volume "${volume}" (${record.id})`;
    const job = { name: `swarmnfs-export-${volume}`, what, from, to };
    return { volume, report: await this.#run(record, job, tell, signal) };
  }

  async #run(
    record: VolumeRecord,
    job: { name: string; what: string; from: Side; to: Side },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<TransferReport> {
    const { engine, passes } = this.#parts;
    if (this.#running.has(job.name))
      throw new UserError("in-use", `"${record.name}" is being copied already. Wait for that one`);
    this.#running.add(job.name);
    passes.issue(record.id, job.name);
    const heard: { report: TransferReport | null; failure: UserError | null } = {
      report: null,
      failure: null,
    };
    let last: TransferProgress = { doing: "copying", bytes: 0, total: null, files: 0 };
    const repeated = setInterval(() => tell(last), tellEveryMs);
    const hear = (line: string): void => {
      const said = understood(line);
      if (said === null) return;
      if ("progress" in said) tell((last = said.progress));
      else if ("report" in said) heard.report = said.report;
      else heard.failure = failureOf(said.failure);
    };
    try {
      await engine.run(job, hear, signal);
    } finally {
      clearInterval(repeated);
      passes.withdraw(record.id);
      this.#running.delete(job.name);
    }
    if (heard.failure !== null) throw heard.failure;
    if (heard.report !== null) return heard.report;
    throw new UserError(
      "unavailable",
      "the copy ended before it was done (its container was removed, or the machine has no memory left). Nothing is lost: the same command goes on with it",
    );
  }

  async #ready(volume: string): Promise<VolumeRecord> {
    const record = await this.#parts.look(volume);
    if (record === null)
      throw new UserError("not-found", `there is no volume "${volume}". See: swarmnfs volumes`);
    if (record.state === "ready" && !record.root) return record;
    throw new UserError(
      "conflict",
      `volume "${volume}" cannot be copied now: it is ${record.root ? "the whole storage" : record.state}`,
    );
  }

  async #side(place: TransferPlace, which: "source" | "target"): Promise<Side> {
    if (place.kind === "path") return place;
    const { name, of } = place;
    const found = await this.#parts.engine.volume(name);
    if (found === null && which === "target" && of === "local")
      return { kind: "volume", name, driver: "local" };
    if (found === null)
      throw new UserError(
        "not-found",
        `Docker has no volume "${name}" on node "${this.#parts.node.name}". See: docker volume ls`,
      );
    refuseOther(name, of, found.driver, found.options["type"] ?? "", await this.#parts.driver());
    return { kind: "volume", name, driver: found.driver };
  }

  #refuseMounted(volume: string): void {
    const users = this.#parts.usersOf(volume);
    if (users.length > 0) refuseUsed(`volume "${volume}"`, users);
  }
}

function refuseOther(name: string, of: string, driver: string, type: string, ours: string): void {
  const wrong = (is: string, say: string): UserError =>
    new UserError("invalid", `volume "${name}" is ${is}. ${say}`);
  if (driver === ours || driver === `${ours}:latest`)
    throw wrong("one of swarmnfs itself", `To copy it: swarmnfs volumes clone ${name} NEW`);
  if (of === "any") return;
  if (driver !== "local") throw wrong(`of the plugin ${driver}`, `Say: volume:${name}`);
  if (of === "nfs" && !type.startsWith("nfs")) throw wrong("no NFS volume", `Say: local:${name}`);
}

function refuseUsed(what: string, users: readonly string[]): void {
  if (users.length === 0) return;
  throw new UserError(
    "in-use",
    `${what} is in use by ${users.join(", ")}. End that first; or say --live: what changes while it is copied is told, and a second run copies it again`,
  );
}

function understood(line: string) {
  try {
    return transferLineSchema.parse(JSON.parse(line));
  } catch {
    return null; // what Node.js itself may say
  }
}

function failureOf({ code, message }: { code: string; message: string }): UserError {
  const known = ["conflict", "full", "read-only", "unsupported", "in-use"] as const;
  return new UserError(known.find((each) => each === code) ?? "unavailable", message);
}
