import { formatSize } from "../../service/size.ts";
import type { Rubbish, Sort } from "./sort.ts";

const usualAgeMs = 24 * 60 * 60 * 1000;

/** What copies, restores and removals left on the storage when they were given up. */
export const stagingSort: Sort = {
  name: "staging",
  title: "ABANDONED STAGING",
  noun: "leftover",
  columns: [{ title: "NAME" }, { title: "SIZE" }, { title: "FILES" }, { title: "SINCE" }],
  fate: "destroyed for good",
  filters: [],
  onRequest: true,
  async find({ moments, plugin }, { ageMs }) {
    const before = new Date(moments.now - (ageMs ?? usualAgeMs)).toISOString();
    const { staging } = await plugin.ask("Staging", { before }, "looking at what was left behind");
    const things = staging.map(({ name, bytes, files, since }): Rubbish => ({
      name,
      bytes,
      row: [name, formatSize(bytes), files.toLocaleString("en"), moments.ago(since)],
      data: { files, since },
      remove: (doing) => plugin.ask("RemoveStaging", { name, before }, doing),
    }));
    return { things, notes: [] };
  },
};
