import { UserError } from "../../service/user-error.ts";
import { byVolume, readTrash } from "../trash.ts";
import type { Rubbish, Sort } from "./sort.ts";

/** Removed volumes past their time, or older than was said: the only ones that are destroyed for good. */
export const trashSort: Sort = {
  name: "trash",
  title: "TRASH",
  noun: "entry",
  columns: [{ title: "ENTRY" }, { title: "APP" }, { title: "REMOVED" }, { title: "PURGED" }],
  fate: "destroyed for good",
  filters: ["app"],
  async find(call, { ageMs, apps }) {
    const { moments } = call;
    const entries = (await readTrash(call)).filter(
      ({ record }) => apps.length === 0 || apps.includes(record.volume.app),
    );
    const due = entries.filter(({ record }) =>
      ageMs === null ? moments.span(record.purgeAt) >= 0 : moments.span(record.removedAt) > ageMs,
    );
    const left = entries.length - due.length;
    const things = due.toSorted(byVolume).map(({ id, record }): Rubbish => ({
      name: id,
      bytes: null,
      row: [id, record.volume.app, moments.ago(record.removedAt), moments.until(record.purgeAt)],
      data: { entry: id, removedAt: record.removedAt, purgeAt: record.purgeAt },
      async remove(doing) {
        const { purged } = await call.plugin.ask("Purge", { entries: [id] }, doing);
        if (!purged.includes(id))
          throw new UserError("not-found", "it was not in the trash any more");
      },
    }));
    const notes =
      left === 0
        ? []
        : [
            `${left} more in the trash, which ${left === 1 ? "goes by itself when its" : "go by themselves when their"} time has come`,
          ];
    return { things, notes };
  },
};
