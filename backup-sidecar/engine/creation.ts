import { rfc3339 } from "../../service/clock.ts";
import type { Found } from "./detection.ts";
import type { HeldLease } from "./lease.ts";
import { copyOfKeys, type Pin } from "./pins.ts";
import { RepositoryTrouble } from "./repository-trouble.ts";
import type { RepositoryWorld } from "./repository-world.ts";
import { configSchema, initializedSchema } from "./restic-messages.ts";
import { ResticRepository } from "./restic-repository.ts";
import { pathOf } from "./runner.ts";

/**
 * Makes an app's repository where there provably is none: under the lease, announced on the storage first, read back with the
 * password afterwards, and only then written down as known. A crash at any point is finished by the next call.
 */
export async function createRepository(
  world: RepositoryWorld,
  app: string,
  { leftovers }: Found,
  lease: HeldLease,
  signal?: AbortSignal,
): Promise<ResticRepository> {
  const pin: Pin = {
    schema: 1,
    app,
    state: "creating",
    repository: null,
    at: rfc3339(world.clock.now()),
    counter: lease.counter,
    config: null,
    keys: {},
  };
  await lease.confirm();
  await world.pins.write(pin);
  for (const path of leftovers)
    await world.remote.move(
      path,
      `.swarmnfs/quarantine/${app}/${lease.counter}/${path.split("/").at(-1) ?? ""}`,
      signal,
    );
  await world.bridge.forget(pathOf(app));
  const init = new ResticRepository(app, "", world);
  const made = initializedSchema.parse(
    await init.ask({ args: ["init", "--json"], signal }, { mayCreate: true }),
  );
  const [copies, id] = [await copyOfKeys(world.remote, app, signal), await readBack(init, signal)];
  if (id !== made.id || Object.keys(copies.keys).length !== 1)
    throw new RepositoryTrouble(
      "damaged",
      `while the repository of app "${app}" was made, somebody else made it, too: do two storages have the same SWARMNFS_STORAGE_NAME on ${pathOf(app)}?`,
    );
  await lease.confirm();
  await world.pins.write({ ...pin, state: "known", repository: id, ...copies });
  return new ResticRepository(app, id, world);
}

async function readBack(repository: ResticRepository, signal?: AbortSignal): Promise<string> {
  const args = ["cat", "config", "--no-lock", "--no-cache"];
  return configSchema.parse(await repository.ask({ args, signal }, { readOnly: true })).id;
}
