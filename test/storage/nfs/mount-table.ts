import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";
import type { MountEffects } from "../../../storage/nfs/private-mount.ts";

/** A mount table in memory; `fail` says what the next NFS mounts end with. */
export interface MountTable extends MountEffects {
  readonly did: string[];
  fail: (source: string) => CommandFailed | null;
  /** Source and mount options of what is mounted, the topmost last. */
  readonly mounts: { type: string; source: string; place: string; options: string }[];
}

export function mountTable(): MountTable {
  const table: MountTable = {
    did: [],
    mounts: [],
    fail: () => null,
    table: async () =>
      table.mounts
        .map(
          ({ type, source, place, options }, index) =>
            `${40 + index} 22 0:${40 + index} / ${place} ${options} - ${type} ${source} rw`,
        )
        .join("\n"),
    makeDirectory: async () => {},
    run: async (command, args) => {
      const place = args.at(-1) ?? "";
      if (command === "umount") {
        table.did.push("umount");
        const index = table.mounts.findLastIndex((mount) => mount.place === place);
        if (index === -1) throw failed("umount: not mounted");
        table.mounts.splice(index, 1);
        return;
      }
      const [, type = "", , options = "", source = ""] = args;
      table.did.push(`mount ${source}`);
      const failure = type === "nfs4" ? table.fail(source) : null;
      if (failure !== null) throw failure;
      table.mounts.push({ type, source, place, options: `rw,${options}` });
    },
  };
  return table;
}

export function failed(reason: string, timedOut = false): CommandFailed {
  return new CommandFailed("mount", { reason, timedOut, missing: false });
}
