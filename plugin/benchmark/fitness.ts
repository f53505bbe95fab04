import { formatSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../../storage/records/app.ts";
import { decide } from "../../storage/rules/access.ts";
import type { StorageHealth } from "../../storage/storage.ts";
import type { VolumeView } from "../../storage/verbs.ts";

/** So many times what is written must be free: others write at the same time. */
const ampleRoom = 2;

/**
 * Throws `UserError` unless the volume may be measured here and now: one that is well, has a directory, may be mounted on
 * this node, on a storage where `room` bytes do no harm.
 */
export function requireFit(
  { record, status }: Pick<VolumeView, "record" | "status">,
  app: AppRecord,
  node: string,
  health: StorageHealth,
  room: number,
): void {
  const { name } = record;
  if (record.root)
    throw new UserError(
      "unsupported",
      `"${name}" is the whole storage, without a directory of its own: there is nothing to be measured apart. Measure a volume: swarmnfs volumes`,
    );
  if (record.state !== "ready")
    throw new UserError(
      "unavailable",
      `"${name}" is ${record.state}, and only a volume that is ready can be measured. See: swarmnfs volumes show ${name}`,
    );
  const decision = decide({
    app: { ...app, services: ["*"] },
    volume: { ...record, services: null },
    node,
    consumers: [],
    rootServices: [],
  });
  if (!decision.allow) throw decision.error;
  if (status.health !== "ok" && status.health !== "nearly-full")
    throw new UserError(
      "unavailable",
      `"${name}" is in trouble (${status.reason ?? status.health}), and measuring it would tell nothing and might make it worse. See: swarmnfs doctor`,
    );
  if (health.state === "read-only")
    throw new UserError(
      "read-only",
      `${status.storage} is read-only: nothing can be written to it`,
    );
  if (health.state === "full" || health.free < ampleRoom * room)
    throw new UserError(
      "full",
      `${formatSize(room)} would be written to ${status.storage}, and taken away again; ${formatSize(health.free)} are free there, and ${formatSize(ampleRoom * room)} should be. Make room, or measure less: --quick, --profile`,
    );
}
