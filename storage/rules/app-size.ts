import { exactSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";

/**
 * An app's size bounds what the sizes of its volumes add up to: throws `full` if a volume of this name and size would
 * exceed it, `invalid` if it has no size at all. `volumes` are all that are known; the one of that name does not count.
 */
export function checkAppSize(
  app: Pick<AppRecord, "app" | "size">,
  volumes: readonly Pick<VolumeRecord, "name" | "app" | "size">[],
  volume: { readonly name: string; readonly size: number | null },
): void {
  if (app.size === null) return;
  const others = volumes.filter(
    ({ app: name, name: other }) => name === app.app && other !== volume.name,
  );
  const taken = others.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const left = Math.max(0, app.size - taken);
  if (volume.size === null)
    throw new UserError(
      "invalid",
      `app "${app.app}" has ${exactSize(app.size)} for all its volumes, so each of them needs a size${left === 0 ? ", and nothing is left" : `: size=${exactSize(left)} is what is left`}`,
    );
  if (volume.size <= left) return;
  throw new UserError(
    "full",
    `app "${app.app}" has ${exactSize(app.size)} for all its volumes, of which ${exactSize(left)} are left: "${volume.name}" cannot have ${exactSize(volume.size)}. Ask for less, make another volume smaller, or let an administrator allow more: swarmnfs apps set ${app.app} size=SIZE`,
  );
}
