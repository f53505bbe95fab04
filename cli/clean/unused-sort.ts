import { formatSize } from "../../service/size.ts";
import { unusedVolumes, type UnusedVolume } from "../../storage/report/unused.ts";
import { usualUnusedMs } from "../../storage/report/report.ts";
import { scopes } from "../../storage/report/words.ts";
import { hasLabels } from "./filters.ts";
import type { Rubbish, Sort } from "./sort.ts";

/** What has it is never cleaned up. */
const keepLabel = "swarmnfs.keep";

/** Volumes that nobody has used for long: to the trash. */
export const unusedSort: Sort = {
  name: "unused",
  title: "UNUSED VOLUMES",
  noun: "volume",
  columns: [{ title: "VOLUME" }, { title: "APP" }, { title: "USED" }, { title: "LAST MOUNTED" }],
  fate: "to the trash, from where they can be brought back",
  filters: ["app", "label"],
  async find(call, { ageMs, apps, labels }) {
    const { moments, plugin, screen } = call;
    const { now } = moments;
    const since = new Date(now).toISOString();
    const review = await plugin.ask("Review", { since }, "asking who wants volumes");
    const { volumes } = await plugin.ask("Volumes", {}, "reading the volumes");
    const labelsOf = (name: string): Readonly<Record<string, string>> =>
      Object.hasOwn(review.labels, name) ? (review.labels[name] ?? {}) : {};
    const all = unusedVolumes({ volumes, review, now, unusedMs: ageMs ?? usualUnusedMs }).filter(
      ({ app, volume }) =>
        (apps.length === 0 || apps.includes(app)) && hasLabels(labelsOf(volume), labels),
    );
    const kept = all.filter(({ volume }) => Object.hasOwn(labelsOf(volume), keepLabel));
    const retained = all.filter(({ onRemove }) => onRemove === "retain");
    const never = all.filter(({ lastUse }) => lastUse === null);
    const left = new Set([...kept, ...retained, ...never]);
    const things = all
      .filter((each) => !left.has(each))
      .map((volume): Rubbish => ({
        name: volume.volume,
        bytes: volume.used,
        row: [
          volume.volume,
          volume.app,
          volume.used === null ? screen.symbols.none : formatSize(volume.used),
          volume.lastUse === null ? screen.symbols.none : moments.ago(volume.lastUse),
        ],
        data: volume,
        remove(doing) {
          const { volume: name, id, lastUse } = volume;
          return plugin.ask("RemoveUnused", { name, id, lastUse }, doing);
        },
      }));
    const notes = [
      ...(things.length > 0 ? [`looked at: ${scopes[review.wanted.scope]}`] : []),
      ...stays(kept, `has the label ${keepLabel}`),
      ...stays(retained, "has on-remove=retain, and would stay where it is"),
      ...stays(
        never,
        "was never seen mounted, which may have been forgotten. If it is meant: swarmnfs volumes rm",
      ),
    ];
    return { things, notes };
  },
};

function stays(volumes: readonly UnusedVolume[], because: string): string[] {
  return volumes.map(({ volume }) => `"${volume}" stays: it ${because}`).slice(0, 10);
}
