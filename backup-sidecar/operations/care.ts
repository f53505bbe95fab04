import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type {
  BackupAnswer,
  BackupRequest,
  ForgetView,
  PruneView,
  VerifyView,
} from "../../storage/backup/verbs.ts";
import type { Talk } from "../control/commands.ts";
import { pruneApp } from "../engine/pruning.ts";
import type { Repositories } from "../engine/repositories.ts";
import type { ResticRepository } from "../engine/restic-repository.ts";
import { verifyApp, type VerifyRequest } from "../engine/verification.ts";
import type { HeldLease } from "../engine/lease.ts";
import { planRetention } from "../retention/retention.ts";
import { sourceView } from "../source/source-view.ts";
import type { Work } from "./app-works.ts";
import { toldOf } from "./running.ts";
import { see } from "./seen-history.ts";
import { backedUp, chosenApps, forReading, forWriting, knownApps, type Shared } from "./shared.ts";

/** What keeps repositories whole and small: checks, the rule of what is kept, room on the server, passwords. */
export class Care {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async verify(
    { apps, read }: BackupRequest<"verify">,
    talk: Talk<"verify">,
  ): Promise<BackupAnswer<"verify">> {
    const how: VerifyRequest["read"] = read === null ? "nothing" : { percent: read };
    const reports: VerifyView[] = [];
    for (const app of chosenApps(apps, await knownApps(this.#shared))) {
      const view = await this.#busy(app, "verify", talk, (work) => this.#verify(app, how, work));
      reports.push(view);
    }
    return { reports };
  }

  /** The next slice of one app, as it happens every day. */
  async verifyNext(app: string, signal: AbortSignal): Promise<boolean> {
    const attending = { signal };
    const work = (own: Work): Promise<VerifyView> => this.#verify(app, "next", own);
    return (await this.#shared.works.do(app, "verify", work, attending)).ok;
  }

  async forget(
    { apps, dryRun }: BackupRequest<"forget">,
    talk: Talk<"forget">,
  ): Promise<BackupAnswer<"forget">> {
    const reports: ForgetView[] = [];
    for (const app of chosenApps(apps, await knownApps(this.#shared)))
      reports.push(
        await this.#busy(app, "forget", talk, ({ signal }) => this.#forget(app, dryRun, signal)),
      );
    return { reports };
  }

  async prune(
    { apps, dryRun }: BackupRequest<"prune">,
    talk: Talk<"prune">,
  ): Promise<BackupAnswer<"prune">> {
    const reports: PruneView[] = [];
    for (const app of chosenApps(apps, await knownApps(this.#shared)))
      reports.push(await this.#busy(app, "prune", talk, (work) => this.#prune(app, dryRun, work)));
    return { reports };
  }

  /** As it happens every week. */
  async pruneNow(app: string, signal: AbortSignal): Promise<boolean> {
    const work = (own: Work): Promise<unknown> => this.#prune(app, false, own);
    await this.#shared.works.do(app, "prune", work, { signal });
    return true;
  }

  async confirm({ app }: BackupRequest<"confirm">): Promise<BackupAnswer<"confirm">> {
    const { states, clock, versions, histories, log } = this.#shared;
    chosenApps([app], await knownApps(this.#shared));
    const { held, connection } = await forWriting(this.#shared);
    // A repository of a storage whose place this one takes becomes its own.
    const repository = await this.#shared
      .repositories(connection)
      .open(app, { lease: held, adopt: true });
    const before = await states.suspect(app);
    const snapshots = await repository.snapshots();
    // The last of each volume: they are sorted by their time.
    const newest = Object.fromEntries(snapshots.map(({ volume, id }) => [volume, id]));
    const suspect = await states.confirm(app, clock.now(), newest);
    versions.saw({ app, snapshots, suspect, integrity: await states.integrity(app) });
    await (await histories.of(app)).confirmed(clock.now());
    const confirmed = Object.keys(before.volumes);
    if (confirmed.length > 0)
      log.warn({ app, confirmed }, "an administrator confirmed it as it is");
    return { confirmed };
  }

  async keyList(
    { app }: BackupRequest<"keyList">,
    { signal }: Talk<"keyList">,
  ): Promise<BackupAnswer<"keyList">> {
    chosenApps([app], await knownApps(this.#shared));
    const repository = await forReading(this.#shared, app, signal);
    return { keys: await repository.keys.list(signal) };
  }

  async keyAdd(
    { app, passwordFile }: BackupRequest<"keyAdd">,
    talk: Talk<"keyAdd">,
  ): Promise<BackupAnswer<"keyAdd">> {
    chosenApps([app], await knownApps(this.#shared));
    const key = await this.#busy(app, "key", talk, async ({ signal }) => {
      const { repository, repositories, held } = await this.#open(app, signal);
      const added = await repository.keys.add(passwordFile, signal);
      await repositories.noteKeys(app, repository.id, held, signal);
      return added;
    });
    return { key };
  }

  async keyRemove(
    { app, key }: BackupRequest<"keyRemove">,
    talk: Talk<"keyRemove">,
  ): Promise<BackupAnswer<"keyRemove">> {
    chosenApps([app], await knownApps(this.#shared));
    await this.#busy(app, "key", talk, async ({ signal }) => {
      const { repository, repositories, held } = await this.#open(app, signal);
      const found = (await repository.keys.list(signal)).filter(({ id }) => id.startsWith(key));
      const [only] = found;
      if (only === undefined || found.length > 1)
        throw new UserError(
          "not-found",
          `${found.length === 0 ? "no key begins" : "several keys begin"} with ${key}. See: swarmnfs backup key list ${app}`,
        );
      if (only.current)
        throw new UserError(
          "in-use",
          `key ${key} is the password that this service uses. Add another one, set that as BACKUP_PASSWORD_FILE, then remove this one`,
        );
      await held.confirm();
      const permit = {
        run: uuid(),
        kinds: ["keys"] as const,
        names: [only.id],
        maxCount: 1,
        maxBytes: 65_536,
        inForce: () => held.held(),
      };
      await repository.keys.remove(only.id, permit, signal);
      await repositories.noteKeys(app, repository.id, held, signal);
    });
    return {};
  }

  async #verify(app: string, read: VerifyRequest["read"], work: Work): Promise<VerifyView> {
    const shared = this.#shared;
    work.tell(toldOf(shared, app, null, read === "nothing" ? "checking" : "reading back", null));
    const { held, connection } = await forWriting(shared);
    const records = (await backedUp(shared)).get(app) ?? [];
    const sources = records.map((record) => sourceView(shared.views, record));
    const history = await shared.histories.of(app);
    const { ok, errors, notes } = await verifyApp(shared.runWorld(connection), {
      app,
      sources,
      held,
      read,
      onLook: (look) => history.verified({ ...look, errors: [...look.errors] }),
      signal: work.signal,
    });
    if (!ok) shared.log.error({ app, errors, notes }, "the repository has damage");
    const healed = ok && notes.length > 0;
    return { app, ok, healed, errors: [...errors, ...notes] };
  }

  async #forget(app: string, dryRun: boolean, signal: AbortSignal): Promise<ForgetView> {
    const shared = this.#shared;
    const repository = dryRun
      ? await forReading(shared, app, signal)
      : (await this.#open(app, signal)).repository;
    const snapshots = await repository.snapshots(signal);
    const { states, time } = shared;
    const suspect = await states.suspect(app);
    const integrity = await states.integrity(app);
    const { keep } = shared.runWorld(await shared.target.connection(!dryRun));
    const { forget, withheld } = planRetention({
      snapshots,
      keep,
      time: await time.now(snapshots.at(-1)?.time ?? null),
      frozen: frozenBy(suspect.volumes, integrity.quarantined),
      verified: new Set(integrity.verified),
    });
    if (!dryRun && forget.length > 0) {
      const held = await shared.leases.hold();
      await held.confirm();
      const names = forget.map(({ id }) => id);
      const permit = {
        run: uuid(),
        kinds: ["snapshots"] as const,
        names,
        maxCount: names.length,
        maxBytes: names.length * 65_536,
        inForce: () => held.held(),
      };
      await repository.forget(names, permit, signal);
      await see(shared, repository, signal);
    }
    const forgotten = forget.map(({ id, volume, time: at }) => ({
      id,
      volume,
      time: rfc3339(at),
    }));
    return { app, forgotten, withheld };
  }

  async #prune(app: string, dryRun: boolean, work: Work): Promise<PruneView> {
    const shared = this.#shared;
    const { signal } = work;
    if (dryRun) {
      const plan = await (await forReading(shared, app, signal)).planPrune(signal);
      return { app, files: plan.unused.length, bytes: plan.bytes, withheld: null, errors: [] };
    }
    const { held, connection } = await forWriting(shared);
    const request = { app, held, signal };
    const { plan, withheld } = await pruneApp(shared.runWorld(connection), request, false);
    if (withheld !== null) return { app, files: 0, bytes: 0, withheld, errors: [] };
    // Nothing else is as dangerous to a repository: it does not wait for the next run to be looked through.
    const isChanged = plan.unused.length + plan.repacked.length > 0;
    const found = isChanged ? await this.#verify(app, "nothing", work) : null;
    await see(shared, await forReading(shared, app, signal), signal);
    const errors = found?.ok === false ? found.errors : [];
    return { app, files: plan.unused.length, bytes: plan.bytes, withheld, errors };
  }

  async #open(
    app: string,
    signal: AbortSignal,
  ): Promise<{
    readonly repository: ResticRepository;
    readonly repositories: Repositories;
    readonly held: HeldLease;
  }> {
    const { held, connection } = await forWriting(this.#shared);
    const repositories = this.#shared.repositories(connection);
    const repository = await repositories.open(app, { lease: held, signal });
    return { repository, repositories, held };
  }

  #busy<Result>(
    app: string,
    kind: string,
    talk: Talk<"verify" | "forget" | "prune" | "keyAdd" | "keyRemove">,
    work: (work: Work) => Promise<Result>,
  ): Promise<Result> {
    const onProgress = talk.progress.bind(talk);
    return this.#shared.works.do(app, kind, work, { signal: talk.signal, onProgress });
  }
}

/** Why nothing of an app may be removed. */
function frozenBy(
  suspect: Readonly<Record<string, { readonly reason: string }>>,
  quarantined: readonly string[],
): string[] {
  const destroyed = Object.entries(suspect).map(
    ([volume, { reason }]) => `volume ${volume} looks destroyed: ${reason}`,
  );
  return quarantined.length === 0 ? destroyed : [...destroyed, "the repository has damage"];
}
