import { formatSize } from "../../service/size.ts";
import { hasLabels } from "./filters.ts";
import type { Rubbish, Sort } from "./sort.ts";

const usualAgeMs = 7 * 24 * 60 * 60 * 1000;

/** What this node's Docker does not need any more, of volumes only those of its own that have no name. */
export const dockerSort: Sort = {
  name: "docker",
  title: "DOCKER'S WASTE ON THIS NODE",
  noun: "thing",
  columns: [{ title: "KIND" }, { title: "NAME" }, { title: "SIZE" }, { title: "SINCE" }],
  fate: "removed by Docker for good",
  filters: ["label"],
  onRequest: true,
  async find(call, { ageMs, labels }) {
    const { moments, plugin, screen } = call;
    const before = `${new Date(moments.now - (ageMs ?? usualAgeMs)).toISOString().slice(0, 19)}Z`;
    const { waste } = await plugin.ask("DockerWaste", { before }, "asking Docker what it keeps");
    const things = waste
      .filter((each) => hasLabels(each.labels, labels))
      .map(({ kind, id, name, bytes, since }): Rubbish => ({
        name: `${kind} ${name}`,
        bytes,
        row: [
          kind.replace("-", " "),
          name,
          bytes === null ? screen.symbols.none : formatSize(bytes),
          moments.ago(since),
        ],
        data: { kind, id, since },
        remove: (doing) => plugin.ask("RemoveWaste", { kind, id, before }, doing),
      }));
    return { things, notes: [] };
  },
};
