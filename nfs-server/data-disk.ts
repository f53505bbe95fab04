import type { Log } from "../service/log.ts";
import { GuardedStorage } from "../storage/keeper/guarded-storage.ts";
import { keeperBeside } from "../storage/open.ts";
import type { ServerSettings } from "./settings.ts";

/** The storage on the data disk, which may hang: all work on it is done by a keeper. */
export function openDataDisk(
  { data, trashDays, serverName }: Pick<ServerSettings, "data" | "trashDays" | "serverName">,
  log: Log,
): GuardedStorage {
  const place = {
    url: `swarmnfs://${serverName ?? "this storage node"}`,
    path: data,
    trashDays,
    makeRoot: false,
    served: true as const,
  };
  return new GuardedStorage(place, {
    keeper: keeperBeside(),
    onChange: (trouble) => {
      if (trouble === null) log.warn("the data disk answers again");
      else log.error({ since: trouble.since }, trouble.reason);
    },
  });
}
